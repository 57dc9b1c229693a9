// `redis-server.sh` on machines that do not exist: each has the programs that it is given and nothing else.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../redis-server.sh", import.meta.url));
const where = (name) => execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
const bash = where("bash");

const redis = (version) =>
  `#!/bin/sh\\necho "Redis server v=${version}.0.15 sha=00000000:0 malloc=libc bits=64 build=1"\\n`;
/** A program that puts a `redis-server` beside itself. */
const installs = (version) => `printf '${redis(version)}' > "$PLACE/redis-server"; chmod +x "$PLACE/redis-server"`;
/** `sudo -n`: runs what comes after its flag. */
const runsTheRest = 'shift; exec env "$@"';

/** Runs the script where these programs are; each is a shell script, and what it is called with is noted. */
function run(programs, user = 1000) {
  const place = mkdtempSync(join(tmpdir(), "tightwire-redis-"));
  try {
    for (const name of ["sed", "env", "chmod"]) {
      symlinkSync(where(name), join(place, name));
    }
    for (const [name, body] of Object.entries({ id: `echo ${user}`, ...programs })) {
      const noting = name === "id" || name === "redis-server" ? "" : `echo "${name} $*" >> "$PLACE/calls"\n`;
      writeFileSync(join(place, name), `#!/bin/sh\n${noting}${body}\n`, { mode: 0o755 });
    }
    writeFileSync(join(place, "calls"), "");
    const { status, stderr } = spawnSync(bash, [script], { env: { PATH: place, PLACE: place }, encoding: "utf8" });
    return { status, said: stderr, calls: readFileSync(join(place, "calls"), "utf8") };
  } finally {
    rmSync(place, { recursive: true });
  }
}

const server = (version) => `echo "Redis server v=${version}.0.15 sha=00000000:0 malloc=libc bits=64 build=1"`;
const advice = /install version 7 or later: .*Debian 12.*Homebrew.*https:\/\/redis\.io\//;

describe("redis-server.sh", () => {
  it("does nothing where the server is there", () => {
    const { status, said, calls } = run({ "redis-server": server(7), "apt-get": "exit 1" });
    assert.deepEqual({ status, said, calls }, { status: 0, said: "", calls: "" });
    assert.equal(run({ "redis-server": server(10) }).status, 0);
  });

  it("leaves one alone that is too old, or says nothing of itself", () => {
    for (const [body, version] of [
      [server(6), "6"],
      ["exit 1", "unknown"],
    ]) {
      const { status, said, calls } = run({ "redis-server": body, "apt-get": installs(7) });
      assert.equal(status, 1);
      assert.match(said, new RegExp(`is of version ${version}, and the tests need 7`));
      assert.match(said, advice);
      assert.equal(calls, "");
    }
  });

  it("installs the package as root", () => {
    const { status, said, calls } = run({ "apt-get": installs(7) }, 0);
    assert.equal(status, 0, said);
    assert.equal(calls, "apt-get install --yes --quiet --no-install-recommends redis-server\n");
  });

  it("installs it with a sudo that wants no password", () => {
    const { status, said, calls } = run({ "apt-get": installs(7), sudo: runsTheRest, true: "" });
    assert.equal(status, 0, said);
    assert.match(calls, /^sudo -n true\n(true \n)?sudo -n env .*apt-get install/);
  });

  it("fetches the lists of packages where the package is not known", () => {
    const unknown = `case "$1" in update) : > "$PLACE/updated";; *) [ -e "$PLACE/updated" ] || exit 100; ${installs(7)};; esac`;
    const { status, said, calls } = run({ "apt-get": unknown }, 0);
    assert.equal(status, 0, said);
    assert.deepEqual(
      calls.split("\n").map((call) => call.split(" ")[1]),
      ["install", "update", "install", undefined],
    );
  });

  it("says what is in the way", () => {
    const cases = [
      [{}, 1000, /neither apt-get nor brew/],
      [{ "apt-get": installs(7) }, 1000, /there is no sudo/],
      [
        { "apt-get": installs(7), sudo: "exit 1" },
        1000,
        /sudo asks for a password: run `sudo apt-get install redis-server`/,
      ],
      [{ "apt-get": "exit 100" }, 0, /apt-get could not install it/],
      [{ "apt-get": ":" }, 0, /not on the PATH/],
      [{ "apt-get": installs(6) }, 0, /is of version 6/],
      [{ brew: "exit 1" }, 1000, /brew could not install it/],
    ];
    for (const [programs, user, expected] of cases) {
      const { status, said } = run(programs, user);
      assert.equal(status, 1, said);
      assert.match(said, expected);
      assert.match(said, advice);
    }
  });

  it("installs with Homebrew", () => {
    const { status, said, calls } = run({ brew: installs(7) });
    assert.equal(status, 0, said);
    assert.equal(calls, "brew install redis\n");
  });
});
