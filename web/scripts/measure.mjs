// Measures the graph on a large made-up investigation in a real browser and prints the numbers: `npm run measure [NODES EDGES]`.
// With CLEW_URL also the page of that server: first paint, and how long the queue takes to answer keys and to fill after a jump.
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
    const whole = process.env.CLEW_URL ? { ...measured, page: await measurePage(process.env.CLEW_URL) } : measured;
    console.log(JSON.stringify(whole, null, 2));
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
} finally {
    await browser.close();
}

/** First paint of the queue, keys until the next paint, and a jump to the middle and the end of the list until its rows are there. */
async function measurePage(url) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(() => localStorage.setItem("clew.tour", '"seen"'));
    await page.goto(url);
    await page.locator("[role=row][aria-selected]").first().waitFor();
    const first_paint_ms = await page.evaluate(() =>
        Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1),
    );
    const keys = [];
    for (let index = 0; index < 20; index += 1) {
        keys.push(
            await page.evaluate(async () => {
                const begun = performance.now();
                document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
                await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
                return performance.now() - begun;
            }),
        );
    }
    const jumps = [];
    for (const share of [0.5, 1, 0.25, 0.75, 0]) {
        jumps.push(
            await page.evaluate(async (part) => {
                const list = document.querySelector("[role=grid]");
                const begun = performance.now();
                list.scrollTop = part * list.scrollHeight;
                const blank = () => list.querySelectorAll(".table-row.waiting").length > 0;
                do await new Promise((resolve) => requestAnimationFrame(resolve));
                while (blank() && performance.now() - begun < 20_000);
                return performance.now() - begun;
            }, share),
        );
    }
    const rows = await page.locator("[role=grid]").getAttribute("aria-rowcount");
    await page.close();
    const worst = (values) => Math.round(Math.max(...values));
    return { rows: Number(rows) - 1, first_paint_ms, key_to_paint_worst_ms: worst(keys), jump_until_filled_worst_ms: worst(jumps) };
}
