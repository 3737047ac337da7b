// Measures the graph on a large made-up investigation in a real browser and prints the numbers. `npm run measure [NODES EDGES]`
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const [nodes = 5_000, edges = 12_000] = process.argv.slice(2).map(Number);
const built = await esbuild.build({
    stdin: { contents: 'import { measure } from "./src/graph/measure"; globalThis.measure = measure;', resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "empty" },
});
const styles = ["src/ui/tokens.css", "src/graph/graph.css"].map((name) => readFileSync(`${root}${name}`, "utf8")).join("\n");
// Machines without a GPU are the case that counts.
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
});
try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 700 } });
    await page.setContent(
        `<html data-theme="dark"><style>${styles}</style><body style="margin:0"><div id="box" style="position:relative;width:1200px;height:700px"></div>`,
    );
    await page.addScriptTag({ content: built.outputFiles[0].text });
    const measured = await page.evaluate(([n, e]) => globalThis.measure(document.getElementById("box"), n, e), [nodes, edges]);
    console.log(JSON.stringify(measured, null, 2));
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
} finally {
    await browser.close();
}
