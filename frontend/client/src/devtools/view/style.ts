/** How the overlay looks: a style sheet of its own, made by script, inside a shadow root. */

const CSS = `
:host { all: initial; color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --mark: #ddf4ff; --same: #f3f8fc; --in: #0a58ca; --out: #6f42c1; --bad: #b42318; --green: #1a7f37; --amber: #bf8700;
  --red: #cf222e; }
@media (prefers-color-scheme: dark) { :host { --bg: #16191d; --fg: #e6e8eb; --soft: #a0a8b1; --line: #3a4149;
  --mark: #123a5c; --same: #1c2733; --in: #6cb6ff; --out: #c8a6ff; --bad: #ff8f84; --green: #3fb950; --amber: #d29922;
  --red: #f85149; } }
* { box-sizing: border-box; }
[role=dialog] { position: fixed; inset: auto 0 0 0; height: min(28rem, 70vh); z-index: 2147483647; display: flex;
  flex-direction: column; background: var(--bg); color: var(--fg); border-top: 2px solid var(--line);
  font: 13px/1.4 system-ui, sans-serif; box-shadow: 0 -4px 16px #0004; }
header, .toolbar, [role=group] { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; }
header, .toolbar { padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
h2 { font-size: 14px; margin: 0; } h3 { font-size: 14px; margin: 0 0 .2rem; } h4 { margin: .6rem 0 .2rem; } p { margin: 0 0 .4rem; }
.state { flex: 1; min-width: 12rem; color: var(--soft); }
.charts { display: flex; gap: .6rem; align-items: center; padding: .35rem .6rem; border-bottom: 1px solid var(--line); color: var(--soft); }
.charts svg { height: 20px; flex: 1; min-width: 4rem; border: 1px solid var(--line); }
.line { fill: none; stroke: var(--in); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.green { fill: var(--green); } .amber { fill: var(--amber); } .red { fill: var(--red); } .none { fill: var(--line); }
button, select, input { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--line); border-radius: 4px;
  padding: .15rem .5rem; min-height: 28px; max-width: 12rem; }
button { cursor: pointer; } button[aria-pressed=true] { background: var(--fg); color: var(--bg); }
:focus-visible { outline: 2px solid var(--in); outline-offset: -2px; }
.panes { flex: 1; display: flex; min-height: 0; }
[role=listbox] { flex: 3; overflow: auto; font-family: ui-monospace, monospace; font-size: 12px; }
.details { flex: 2; overflow: auto; padding: .5rem .6rem; border-left: 1px solid var(--line); }
[role=option] { display: grid; grid-template-columns: 6.5rem 3.2rem minmax(8rem, 2fr) minmax(6rem, 2fr) 4.5rem minmax(7rem, 1fr);
  gap: .4rem; padding: .15rem .6rem; border-left: 3px solid transparent; cursor: default; }
[role=option] span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.time, .size, .topic, .notes { color: var(--soft); } .size { text-align: right; }
.in .direction { color: var(--in); } .out .direction { color: var(--out); }
.duplicate .type { text-decoration: line-through; } .invalid .type, .invalid .notes, .wrong { color: var(--bad); }
.same { background: var(--same); border-left-color: var(--in); }
[aria-selected=true] { background: var(--mark); }
.json { font-family: ui-monospace, monospace; font-size: 12px; overflow-wrap: anywhere; }
.json details > :not(summary) { margin-left: 1.1rem; } .key { color: var(--out); } .string { color: var(--green); } .number, .boolean, .null { color: var(--in); }
ul { margin: 0; padding-left: 1.1rem; } .related { list-style: none; padding: 0; } .related button { max-width: none; margin-bottom: .2rem; }
@media (max-width: 700px) { [role=dialog] { height: 85vh; } .panes { flex-direction: column; }
  .details { border: 0; border-top: 1px solid var(--line); } .charts { flex-wrap: wrap; }
  [role=option] { grid-template-columns: 3.2rem 1fr auto; } .time { display: none; } .topic { grid-area: 2 / 2; } .notes { grid-area: 2 / 3; } .topic:empty, .notes:empty { display: none; } }
`;

/** The style sheet; by script it is allowed where a page forbids inline styles. */
export function styleSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}
