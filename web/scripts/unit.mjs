// Bundles every src/**/*.test.ts and runs them with node's test runner. Names given as arguments narrow the files.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import "./api.mjs";
import { threads } from "./worker.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(`${root}src`, { recursive: true })
    .map((name) => `src/${name.replaceAll("\\", "/")}`)
    .filter((name) => /\.test\.tsx?$/.test(name) && wanted.every((word) => name.includes(word)));
if (files.length === 0) throw new Error("no test file fits");
const output = mkdtempSync(`${root}node_modules/.unit-`);
try {
    await esbuild.build({
        absWorkingDir: root,
        entryPoints: files,
        outdir: output,
        outbase: "src",
        outExtension: { ".js": ".mjs" },
        bundle: true,
        platform: "node",
        format: "esm",
        packages: "external",
        jsx: "automatic",
        jsxImportSource: "preact",
        loader: { ".css": "empty" },
        plugins: [threads(false)],
        sourcemap: "inline",
        logLevel: "warning",
    });
    const built = files.map((name) => `${output}/${name.replace(/^src\//, "").replace(/\.tsx?$/, ".mjs")}`);
    const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-timeout=120000", ...built], {
        stdio: "inherit",
        cwd: root,
    });
    process.exitCode = run.status ?? 1;
} finally {
    rmSync(output, { recursive: true, force: true });
}
