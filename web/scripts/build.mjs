// Builds the page into dist/: index.html, and assets whose names carry the hash of their content.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import "./api.mjs";
import { threads } from "./worker.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = process.env.CLEW_WEB_OUT ?? `${root}dist`;
const watch = process.argv.includes("--watch");
/** First load, gzipped, in bytes: what a browser fetches before it can show a screen. */
const FIRST_LOAD_BYTES_MAX = 150 * 1024;

const types = {
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    svg: "image/svg+xml",
};
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

/** Writes what the server embeds: every file gzipped in packed/, and the list of them: name, content type, hash of the content. */
function pack() {
    rmSync(`${output}/packed`, { recursive: true, force: true });
    mkdirSync(`${output}/packed`);
    const names = ["index.html", ...readdirSync(`${output}/assets`).sort()];
    const lines = names.map((name) => {
        const bytes = readFileSync(name === "index.html" ? `${output}/index.html` : `${output}/assets/${name}`);
        writeFileSync(`${output}/packed/${name}.gz`, gzipSync(bytes, { level: 9 }));
        return `${name}\t${types[name.split(".").pop()] ?? "application/octet-stream"}\t${digest(bytes)}\n`;
    });
    writeFileSync(`${output}/packed/files.tsv`, lines.join(""));
}

/** Writes index.html around the entry's script and style. */
function page(result) {
    const outputs = Object.entries(result.metafile.outputs);
    const [script, entry] = outputs.find(([, value]) => value.entryPoint === "src/main.tsx");
    const name = (path) => path.split("/").pop();
    const picture = readFileSync(`${root}src/icon.svg`);
    const icon = `icon-${digest(picture)}.svg`;
    writeFileSync(`${output}/assets/${icon}`, picture);
    const html = readFileSync(`${root}src/index.html`, "utf8")
        .replace("{icon}", `/assets/${icon}`)
        .replace("{script}", `/assets/${name(script)}`)
        .replace("{style}", `/assets/${name(entry.cssBundle)}`);
    writeFileSync(`${output}/index.html`, html);
    const first = new Set([script, entry.cssBundle]);
    const queue = [script];
    for (let path = queue.pop(); path; path = queue.pop()) {
        for (const part of result.metafile.outputs[path]?.imports ?? []) {
            if (part.kind === "import-statement" && !first.has(part.path)) queue.push(part.path), first.add(part.path);
        }
    }
    const size = (path) => gzipSync(readFileSync(`${output}/assets/${name(path)}`)).length;
    const total = [...first].reduce((sum, path) => sum + size(path), gzipSync(html).length);
    const lazy = outputs.filter(([path]) => !first.has(path)).reduce((sum, [path]) => sum + size(path), 0);
    console.log(`page built: first load ${(total / 1024).toFixed(1)} KiB gzipped, lazily loaded ${(lazy / 1024).toFixed(1)} KiB`);
    if (total > FIRST_LOAD_BYTES_MAX) throw new Error(`the first load is larger than ${FIRST_LOAD_BYTES_MAX} bytes`);
}

const options = {
    absWorkingDir: root,
    entryPoints: ["src/main.tsx"],
    outdir: `${output}/assets`,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: !watch,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    publicPath: "/assets",
    plugins: [
        threads(!watch),
        {
            name: "page",
            setup(build) {
                build.onStart(() => {
                    rmSync(`${output}/assets`, { recursive: true, force: true });
                    mkdirSync(`${output}/assets`, { recursive: true });
                });
                build.onEnd((result) => {
                    if (result.errors.length === 0) page(result);
                });
            },
        },
    ],
};

if (watch) {
    const context = await esbuild.context(options);
    await context.watch();
} else {
    await esbuild.build(options);
    pack();
}
