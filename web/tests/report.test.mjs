// What leaves the page: the report of an incident, in HTML and Markdown; the tour; the question behind every number.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { closeClean, picture, started } from "./support.mjs";

const clew = started();

async function report(page, name) {
    await page.getByRole("button", { name: "Report" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    return download.path();
}

test("a report is one HTML file that opens without a network and asks for nothing", async () => {
    const page = await clew.open();
    await page.go("/incidents/7");
    const html = readFileSync(await report(page, /One HTML file/), "utf8");
    assert.ok(!/<script/i.test(html));
    const context = await clew.browser.newContext({ offline: true });
    const reader = await context.newPage();
    const faults = [];
    reader.on("request", (request) => faults.push(request.url()));
    reader.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await reader.setContent(html);
    await reader.getByRole("heading", { level: 1, name: /Multi-stage activity on i-99999999/ }).waitFor();
    assert.equal(await reader.locator("#alerts tbody").first().locator("tr").count(), 10);
    assert.equal(await reader.locator("#entities tbody tr").count(), 36);
    assert.ok((await reader.locator("#graph svg").count()) === 1);
    // Nodes have the colours of their kinds in the light theme: those of alerts and hosts.
    assert.doesNotMatch(html, /(fill|stroke)=""/);
    assert.match(html, /#0f8280/);
    assert.deepEqual(faults, []);
    await reader.setViewportSize({ width: 1200, height: 1400 });
    await picture(reader, "report");
    await context.close();
    await closeClean(page);
});

test("a report is Markdown for a ticket", async () => {
    const page = await clew.open();
    await page.go("/incidents/4");
    const text = readFileSync(await report(page, /^Markdown/), "utf8");
    assert.match(text, /^# Incident 4: 138 alerts on msticalertswin1/);
    const alerts = text.slice(text.indexOf("## Alerts"), text.indexOf("## Entities"));
    assert.equal(alerts.match(/^\| 2019/gm).length, 138);
    await closeClean(page);
});

test("numbers tell the question behind them, and the question counts the same", async () => {
    const page = await clew.open();
    await page.go("/incidents/4");
    for (const [name, rows] of [
        ["Alerts of the incident", 138],
        ["Entities of the incident", 312],
    ]) {
        await page.getByRole("button", { name: `Show query: ${name}`, exact: true }).click();
        await page.getByRole("link", { name: "Open and run" }).click();
        await page.waitForURL(/\/query\?/);
        await page.getByText(new RegExp(`^${rows} rows`)).waitFor();
        await page.goBack();
    }
    await page.getByRole("button", { name: "Show query: Activity" }).click();
    await page.getByText("GET /v1/timeline", { exact: false }).waitFor();
    await closeClean(page);
});

test("a newcomer is shown around, once", async () => {
    const page = await clew.open({ tour: true });
    await page.go("/");
    const card = page.getByRole("complementary", { name: "Tour" });
    /** Waits until the card points at something and covers less than a tenth of it. */
    const pointing = (points) =>
        page.waitForFunction((wanted) => {
            const box = document.querySelector(`.tour-ring${wanted}`)?.getBoundingClientRect();
            const over = document.querySelector(".tour")?.getBoundingClientRect();
            if (!box || !over) return false;
            const wide = Math.min(box.right, over.right) - Math.max(box.left, over.left);
            const tall = Math.min(box.bottom, over.bottom) - Math.max(box.top, over.top);
            return Math.max(0, wide) * Math.max(0, tall) < 0.1 * box.width * box.height;
        }, points);
    await card.getByRole("heading", { name: "The queue" }).waitFor();
    await pointing(".counters");
    await picture(page, "tour");
    // By keyboard: what goes on has the focus.
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/incidents\/7$/);
    await pointing(".tactics");
    for (const [title, url, points] of [
        ["The investigation graph", /\/7\/graph/, ".graph-stage"],
        ["Graph and time are one", /\/7\/graph/, ".parallel"],
        ["Ask anything", /\/query/, ".query-editor"],
        ["That is all", /\/incidents$/, ".rail"],
    ]) {
        await card.getByRole("button", { name: "Next" }).click();
        await card.getByRole("heading", { name: title }).waitFor();
        await page.waitForURL(url);
        await pointing(points);
    }
    await card.getByRole("button", { name: "Begin" }).click();
    await card.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("grid", { name: "Incidents" }).waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await card.count(), 0);
    // Whoever wants it again gets it from the map of the keys, wherever they are.
    await page.go("/alerts");
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("button", { name: "Show me around" }).click();
    await card.getByRole("heading", { name: "The queue" }).waitFor();
    await page.waitForURL(/\/incidents$/);
    await pointing(".counters");
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    await closeClean(page);
});

test("whoever was sent a link sees what it leads to, and no tour", async () => {
    const page = await clew.open({ tour: true });
    await page.go("/incidents/7");
    await page.getByRole("heading", { level: 1, name: /Multi-stage/ }).waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await page.getByRole("complementary", { name: "Tour" }).count(), 0);
    await closeClean(page);
});
