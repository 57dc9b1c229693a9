// Compares what `cargo mutants` found with the baseline: mutants that no test notices, which may only become fewer.
//
//     node scripts/mutants-baseline.mjs mutants.out           fails where a mutant is missed that the baseline does not have
//     node scripts/mutants-baseline.mjs mutants.out --write   takes over what has become better, and files that are new
//
// The baseline lists the files that it covers, and under each the mutants that are missed there: by function and mutation, so
// that it stays right where lines move. Files that it does not cover are reported and never fail.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";

/** Mutants by file, each as often as it is there: a function may have the same mutation in several places. */
export function mutants(text) {
  const byFile = new Map();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, file, mutation] = /^(.+?):\d+:\d+: (.+)$/.exec(line) ?? [];
    if (file === undefined) {
      throw new Error(`not a mutant: ${line}`);
    }
    byFile.set(file, [...(byFile.get(file) ?? []), mutation]);
  }
  return byFile;
}

/** Reads a baseline: a line per file, and its mutants indented below it. */
export function read(text) {
  const baseline = new Map();
  let last;
  for (const line of text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"))) {
    if (line.startsWith("  ")) {
      last.push(line.trim());
    } else {
      last = [];
      baseline.set(line.trim(), last);
    }
  }
  return baseline;
}

/** Writes a baseline as `read` reads it. */
export function written(baseline) {
  const lines = [
    "# Mutants that no test of their crate notices, in the files that were looked at as a whole. `make mutants-full` compares",
    "# with it and `make mutants-baseline` takes over what has become better (docs/fuzzing.md).",
  ];
  for (const file of [...baseline.keys()].sort()) {
    lines.push("", file, ...[...baseline.get(file)].sort().map((mutation) => `  ${mutation}`));
  }
  return `${lines.join("\n")}\n`;
}

/** What the first list has more often than the second. */
export function more(first, second) {
  const left = [...second];
  return first.filter((mutation) => {
    const at = left.indexOf(mutation);
    if (at >= 0) {
      left.splice(at, 1);
    }
    return at < 0;
  });
}

/** What a run says of a baseline; `tested` has all mutants of the run, `missed` those that no test noticed. */
export function compare(baseline, tested, missed) {
  const result = { worse: [], better: [], uncovered: [] };
  for (const [file, mutations] of tested) {
    const found = missed.get(file) ?? [];
    const known = baseline.get(file);
    if (known === undefined) {
      result.uncovered.push(...found.map((mutation) => `${file}: ${mutation}`));
      continue;
    }
    result.worse.push(...more(found, known).map((mutation) => `${file}: ${mutation}`));
    // Of those that were not tried this time nothing is known.
    const tried = known.filter((mutation) => mutations.includes(mutation));
    const whole = (mutation) => mutations.filter((other) => other === mutation).length;
    const noticed = more(tried, found).filter(
      (mutation) => whole(mutation) >= known.filter((other) => other === mutation).length,
    );
    result.better.push(...noticed.map((mutation) => `${file}: ${mutation}`));
  }
  return result;
}

/** The baseline after a run: without what has become better, and with the files that are new. */
export function improved(baseline, tested, missed, complete) {
  const result = new Map(baseline);
  for (const file of tested.keys()) {
    const known = baseline.get(file);
    const found = missed.get(file) ?? [];
    if (known !== undefined) {
      const { better } = compare(baseline, new Map([[file, tested.get(file)]]), missed);
      result.set(
        file,
        more(
          known,
          better.map((line) => line.slice(file.length + 2)),
        ),
      );
    } else if (complete) {
      result.set(file, found);
    }
  }
  return result;
}

function main([folder, flag]) {
  const path = fileURLToPath(new URL("../.cargo/mutants-missed.txt", import.meta.url));
  const file = (name) => {
    const place = join(folder, name);
    return existsSync(place) ? readFileSync(place, "utf8") : "";
  };
  const missed = mutants(file("missed.txt"));
  const tested = mutants(["missed.txt", "caught.txt", "timeout.txt"].map(file).join("\n"));
  const baseline = read(readFileSync(path, "utf8"));
  const { worse, better, uncovered } = compare(baseline, tested, missed);
  const list = (title, lines) =>
    lines.length > 0 && stdout.write(`${title}\n${lines.map((line) => `  ${line}\n`).join("")}`);
  list("Missed, in files that the baseline does not cover:", uncovered);
  list("Noticed now (make mutants-baseline takes it over):", better);
  if (worse.length > 0) {
    const title =
      "Mutants that no test notices and that the baseline does not have. Write a test that fails with each:";
    stderr.write(`${title}\n${worse.map((line) => `  ${line}\n`).join("")}`);
    return 1;
  }
  if (flag === "--write") {
    // A run of a part of the mutants says nothing of a file as a whole.
    const all = JSON.parse(file("mutants.json") || "[]").length;
    const unviable = [...mutants(file("unviable.txt")).values()].flat().length;
    const complete = all === [...tested.values()].flat().length + unviable;
    writeFileSync(path, written(improved(baseline, tested, missed, complete)));
  }
  stdout.write(`${[...tested.values()].flat().length} mutants, ${[...missed.values()].flat().length} missed\n`);
  return 0;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  exit(main(argv.slice(2)));
}
