// Runs the browser tests one file after the other against the binary that CLEW_BIN names. Names given as arguments narrow the files.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(`${root}tests`)
    .filter((name) => name.endsWith(".test.mjs") && (wanted.length === 0 || wanted.some((word) => name.includes(word))))
    .sort()
    .map((name) => `tests/${name}`);
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(chromium)) throw new Error(`no browser at ${chromium}: install Debian's chromium, or set CHROMIUM`);
if (!process.env.CLEW_BIN) throw new Error("CLEW_BIN names the binary to test");
if (files.length === 0) throw new Error("no test file fits");
const run = spawnSync(process.execPath, ["--test", "--test-concurrency=1", "--test-timeout=1800000", ...files], {
    stdio: "inherit",
    cwd: root,
});
process.exitCode = run.status ?? 1;
