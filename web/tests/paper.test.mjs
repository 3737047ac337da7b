// Lists on paper: all rows up to what one print-out takes, and a word about what is missing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, started } from "./support.mjs";

const clew = started();

/** A page that counts how often it was told to print, and asks no printer. */
async function openCounting(path) {
    const page = await clew.open();
    await page.addInitScript(() => {
        window.printed = 0;
        window.print = () => {
            window.printed += 1;
        };
    });
    await page.go(path);
    await complete(page);
    return page;
}

const printed = (page, times) => page.waitForFunction((wanted) => window.printed === wanted, times);
const paper = (page) => page.locator(".paper");
const rows = (page) => paper(page).locator("tbody tr");
const column = (page, place) => rows(page).locator(`td:nth-child(${place})`).allInnerTexts();

/** Shows the page as a printer gets it. */
async function onPaper(page) {
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
}

async function afterwards(page) {
    await page.emulateMedia({ media: "screen" });
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
}

test("the key of printing prints every row of a list, with the columns and in the order of the screen", async () => {
    const { value, total } = await clew.get("/alerts?limit=1000");
    const page = await openCounting("/alerts");
    await page.keyboard.press("Control+p");
    await printed(page, 1);
    assert.equal(await paper(page).isVisible(), false, "on the screen it is not seen");
    await onPaper(page);
    assert.equal(await page.getByRole("grid").isVisible(), false);
    assert.equal(await page.getByRole("navigation", { name: "Screens" }).isVisible(), false);
    assert.deepEqual(
        await column(page, 2),
        value.map(({ title }) => title),
    );
    assert.equal((await column(page, 2)).length, total);
    const heads = await paper(page).getByRole("columnheader").allInnerTexts();
    assert.deepEqual(heads, ["Severity", "Title", "Resource", "Status", "Product", "Tactics", "Began", "Incident"]);
    // Cells that ask for more than a row says were waited for.
    const named = (await column(page, 8)).filter((text) => text !== "none");
    assert.ok(
        named.length > 100 && named.every((text) => /^#\d+ /.test(text)),
        named.find((text) => !/^#\d+ /.test(text)),
    );
    await paper(page).getByText(`${total} rows`).waitFor();
    assert.deepEqual(await broken(page, ".paper"), []);
    await afterwards(page);
    await paper(page).waitFor({ state: "detached" });
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    await closeClean(page);
});

test("queue, repeats, search and timeline are printed from their heads", async () => {
    const page = await openCounting("/incidents");
    await page.getByRole("button", { name: "Print" }).click();
    await printed(page, 1);
    assert.equal(await rows(page).count(), 7);
    await page.go("/alerts?view=repeats");
    await complete(page);
    await page.getByRole("button", { name: "Print" }).click();
    await printed(page, 1);
    assert.equal(await rows(page).count(), (await clew.get("/alerts?group=title&limit=1")).total);
    await page.go("/search?q=account");
    await complete(page);
    await page.getByRole("button", { name: "Print" }).click();
    await printed(page, 1);
    assert.equal(await rows(page).count(), (await clew.get("/search?q=account&kind=incident&kind=alert&kind=entity&limit=1")).total);
    await page.go("/incidents/4/timeline");
    await complete(page);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("button", { name: "Print" }).click();
    await printed(page, 1);
    const { counts, undated } = await clew.get("/timeline?of=incident:4&limit=1");
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0) + undated.length;
    assert.equal(await rows(page).count(), Math.min(all, 5000));
    await closeClean(page);
});

test("alerts and entities of an incident are printed whole by the key", async () => {
    const page = await openCounting("/incidents/4/alerts");
    const detail = await clew.get("/incidents/4");
    await page.keyboard.press("Control+p");
    await printed(page, 1);
    assert.equal(await rows(page).count(), detail.alerts_list.length);
    await page.go("/incidents/4/entities");
    await complete(page);
    await page.keyboard.press("Control+p");
    await printed(page, 1);
    assert.deepEqual((await column(page, 1)).length, detail.entities.length);
    await closeClean(page);
});

test("a result longer than a print-out is cut, and the paper says so", async () => {
    const text = "range n from 1 to 6000 step 1";
    const page = await openCounting(`/query?${new URLSearchParams({ lang: "kql", text })}`);
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await page.keyboard.press("Control+p");
    await printed(page, 1);
    assert.deepEqual(
        await column(page, 1),
        Array.from({ length: 5000 }, (_, at) => `${at + 1}`),
    );
    await onPaper(page);
    await paper(page).getByText("The first 5,000 rows; the CSV of this list has all of them").waitFor();
    await paper(page).getByText(text, { exact: true }).waitFor();
    await closeClean(page);
});

test("a result of more columns than fit side by side is printed as names and values, without those that say nothing", async () => {
    const text = "SecurityEvent | where EventID == 4624 | take 3";
    const { columns, rows: found } = await clew.send("POST", "/query", { lang: "kql", text });
    const page = await openCounting(`/query?${new URLSearchParams({ lang: "kql", text })}`);
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await page.keyboard.press("Control+p");
    await printed(page, 1);
    const lines = paper(page).locator("ol > li");
    assert.equal(await lines.count(), 3);
    const named = (cells) => columns.flatMap(({ name }, at) => (cells[at] === null || cells[at] === "" ? [] : [name]));
    for (const [at, cells] of found.entries()) assert.deepEqual(await lines.nth(at).locator("b").allInnerTexts(), named(cells));
    await closeClean(page);
});

test("what the browser prints by itself says how many rows of how many there are", async () => {
    const { total } = await clew.get("/alerts?limit=1");
    const page = await openCounting("/alerts");
    await onPaper(page);
    const shown = await page.getByRole("grid", { name: "Alerts" }).locator("[role=row][aria-selected]").count();
    assert.ok(shown < total);
    await page.getByText(`Rows 1 to ${shown} of ${total}: those in sight.`).waitFor();
    const [first, second] = await page
        .locator("[role=row][aria-selected]")
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
    assert.ok(second > first, "one row below the other");
    // Rows in sight do not become more because paper is long.
    await eventually(() => page.locator("[role=row][aria-selected]").count(), shown);
    await afterwards(page);
    assert.equal(await page.getByText("those in sight").isVisible(), false);
    await closeClean(page);
});
