// What the browser tests share: a clew with known data, a browser, a page that reports what must not happen.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
/** Taking the sample data in is the work of seconds, on a loaded machine of minutes. */
const START_MS = 600_000;
/** How long what is waited for may take: machines under load are slow, and nothing waits longer than it must. */
const WAIT_MS = Number(process.env.CLEW_BROWSER_WAIT ?? 240_000);
const POLL_MS = 40;
/** How many times slower the browser computes, to find what only holds on fast machines. */
const SLOW = Number(process.env.CLEW_BROWSER_SLOW ?? 1);

/** Pictures for README and docs; made by the tests so that they show what is. */
export const pictures = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));

/**
 * Starts `clew` with `command` (`demo`, `serve`) on a free port and a folder that is empty but for `files`. `CLEW_BIN` names the binary.
 * With `CLEW_PAGE_DIST` the page comes from that build instead of the one inside the binary.
 */
export async function startClew(command, files = {}) {
    const binary = process.env.CLEW_BIN;
    assert.ok(binary, "CLEW_BIN names the binary to test");
    const folder = mkdtempSync(join(tmpdir(), "clew-web-"));
    mkdirSync(join(folder, "data"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "data", name), text);
    const child = spawn(binary, [command, "--data", join(folder, "data"), "--listen", "127.0.0.1:0"], {
        stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    const address = await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
            child.kill("SIGKILL");
            reject(new Error(`clew did not start: ${text}`));
        }, START_MS);
        const read = (bytes) => {
            text += bytes;
            const found = /clew listens at (http:\/\/127\.0\.0\.1:\d+)/.exec(text);
            if (found) {
                clearTimeout(timer);
                resolve(found[1]);
            }
        };
        child.stdout.on("data", read);
        child.stderr.on("data", read);
        child.on("exit", (code) => reject(new Error(`clew ended with ${code}: ${text}`)));
    });
    let url = address;
    let proxy;
    if (process.env.CLEW_PAGE_DIST) {
        const { serve } = await import("../scripts/dev.mjs");
        proxy = await serve(address, 0, process.env.CLEW_PAGE_DIST);
        url = proxy.url;
    }
    return {
        url,
        /** Runs another command on the same folder. */
        run(...command) {
            execFileSync(binary, [...command, "--data", join(folder, "data")], { stdio: "pipe" });
        },
        async ingest(name, documents) {
            const response = await fetch(`${url}/v1/ingest?source=${encodeURIComponent(name)}`, {
                method: "POST",
                headers: { "content-type": "application/json" },
                body: JSON.stringify(documents),
            });
            const report = await response.json();
            assert.equal(report.rejected, 0, JSON.stringify(report));
            return report;
        },
        async stop() {
            proxy?.server.closeAllConnections();
            proxy?.server.close();
            const ended = new Promise((resolve) => child.once("exit", resolve));
            child.removeAllListeners("exit");
            child.once("exit", () => rmSync(folder, { recursive: true, force: true }));
            child.kill("SIGTERM");
            await Promise.race([ended, new Promise((resolve) => child.once("exit", resolve))]);
        },
    };
}

/** Starts the browser. */
async function startBrowser() {
    return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * What most files of tests begin with: `clew` with the sample data (or another `command`) and a browser, both there for the tests and
 * ended after them; `prepare` is awaited before the first. `open` gives a page; `get` and `send` ask the API beside the page, which must
 * answer 200: paths are those below `/v1`.
 */
export function started(command = "demo", prepare = async () => {}) {
    const clew = {
        open: (options) => openPage(clew.browser, clew.url, options),
        get: (path, key) => clew.send("GET", path, undefined, key),
        async send(method, path, body, key) {
            const response = await fetch(`${clew.url}/v1${path}`, {
                method,
                headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
                ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            });
            const text = await response.text();
            assert.equal(response.status, 200, `${method} ${path} ${JSON.stringify(body)}: ${text}`);
            return JSON.parse(text);
        },
    };
    before(async () => {
        clew.browser = await startBrowser();
        Object.assign(clew, await startClew(command));
        await prepare();
    });
    after(async () => {
        await clew.browser?.close();
        await clew.stop?.();
    });
    return clew;
}

/**
 * A page in a fresh profile. `page.faults` fills with what must never happen: script errors, dialogs, messages of the content policy,
 * requests to anywhere but clew and `options.elsewhere`. `options.context` is for the browser: touch, colours of the system. A refused request of the API (4xx) is a fault only if the test does not expect it.
 */
export async function openPage(browser, url, options = {}) {
    const context = await browser.newContext({
        viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
        colorScheme: options.theme ?? "dark",
        acceptDownloads: true,
        reducedMotion: "reduce",
        locale: "en-US",
        timezoneId: "Europe/Zurich",
        ...options.context,
    });
    // Who was shown around already sees no tour.
    if (!options.tour) await context.addInitScript(() => localStorage.setItem("clew.tour", '"seen"'));
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    if (SLOW > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: SLOW });
    page.faults = [];
    page.refused = [];
    page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
        page.faults.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
    });
    page.on("console", (message) => {
        if (message.type() !== "error") return;
        const text = message.text();
        if (/status of 4\d\d/.test(text)) page.refused.push(`${text} ${message.location().url}`);
        else page.faults.push(`console: ${text}`);
    });
    page.on("request", (request) => {
        const known = [url, ...(options.elsewhere ?? [])].some((place) => request.url().startsWith(`${place}/`));
        if (!known && !/^(data|blob):/.test(request.url())) page.faults.push(`request: ${request.url()}`);
    });
    page.go = (path) => page.goto(url + path);
    page.close = () => context.close();
    return page;
}

/**
 * Reads until what is read is `wanted`: equal to it, matched by it, or accepted by it. What a page shows follows what is done to it
 * after a while; nothing that a test asserts may be read once. Gives what was read.
 */
export async function eventually(read, wanted) {
    const end = Date.now() + WAIT_MS;
    for (;;) {
        try {
            const seen = await read();
            if (wanted instanceof RegExp) assert.match(seen, wanted);
            else if (typeof wanted === "function") assert.ok(wanted(seen), `not yet as it must be: ${JSON.stringify(seen)}`);
            else assert.deepEqual(seen, wanted);
            return seen;
        } catch (error) {
            if (Date.now() > end) throw error;
            await pause(POLL_MS);
        }
    }
}

/** Waits until the screen has all that it asked for: something stands there, no bars stand for it, and no request is under way. */
export async function complete(page) {
    await page.waitForLoadState("networkidle");
    await page.waitForFunction(
        () => document.querySelector("main")?.textContent?.length > 20 && !document.querySelector("main :is(.skeleton, [aria-busy=true])"),
    );
}

/** The rules of accessibility that the screen, or the part of it that `selector` finds, breaks, each with where. */
export async function broken(page, selector) {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(
        (part) =>
            window.axe.run(part ? document.querySelector(part) : document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
                // Panes have the same headings on every screen, whatever stands before them there.
                rules: { "heading-order": { enabled: false } },
            }),
        selector,
    );
    const where = ({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`;
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(where).join(" || ")}`);
}

/** Presses keys one right behind the other: a pair such as `g i` counts only if the second comes soon. */
export async function sequence(page, ...keys) {
    await Promise.all(keys.map((key) => page.keyboard.press(key)));
}

/** Says that nothing happened that must not, and ends the page. */
export async function closeClean(page, expected = {}) {
    assert.deepEqual(page.faults, []);
    if (!expected.refused) assert.deepEqual(page.refused, []);
    await page.close();
}

/** Saves a picture for the docs, where the tests are asked for pictures. */
export async function picture(page, name) {
    if (!process.env.CLEW_PICTURES) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`) });
}
