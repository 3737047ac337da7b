// The queue on the sample data: numbers, filters, keyboard, views, columns, search, CSV.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { closeClean, eventually, picture, sequence, started } from "./support.mjs";

const clew = started();

const rows = (page) => page.getByRole("grid", { name: "Incidents" }).locator("[role=row][aria-selected]");
const titles = (page) => rows(page).locator("a[href^='/incidents/']").allInnerTexts();

test("the queue shows every incident, and its counters are filters", async () => {
    const page = await clew.open();
    await page.go("/");
    await eventually(() => rows(page).count(), 7);
    await eventually(async () => (await titles(page))[0] ?? "", /^Multi-stage activity on i-99999999/);
    await page.getByRole("button", { name: "7 Open" }).click();
    await page.waitForURL(/status=open/);
    await page.getByRole("button", { name: /^Closed|0 Closed/ }).click();
    await page.getByRole("heading", { name: "No incident fits" }).waitFor();
    await page.getByRole("button", { name: "Remove the filter Status" }).click();
    await rows(page).nth(4).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "No incident fits" }).waitFor();
    await closeClean(page);
});

test("filters are added by pill, kept in the address, and narrow the rows", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("button", { name: "Product" }).click();
    await page.getByLabel(/Amazon GuardDuty/).click();
    await page.waitForURL(/product=Amazon/);
    await eventually(() => rows(page).count(), 1);
    await page.reload();
    await eventually(() => rows(page).count(), 1);
    await eventually(async () => (await titles(page))[0] ?? "", /i-99999999/);
    await closeClean(page);
});

test("by keyboard alone: down the queue, into the preview, open, tabs, and back", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page).nth(4).waitFor();
    await page.keyboard.press("j");
    await page
        .getByRole("complementary", { name: "Preview of the incident" })
        .getByRole("heading", { name: /Multi-stage/ })
        .waitFor();
    await picture(page, "queue");
    await page.keyboard.press("j");
    await page
        .getByRole("complementary")
        .getByRole("heading", { name: /138 alerts/ })
        .waitFor();
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/incidents\/7$/);
    await page.getByRole("heading", { level: 1, name: /Multi-stage/ }).waitFor();
    await page.keyboard.press("3");
    await page.waitForURL(/\/incidents\/7\/alerts/);
    await page.getByRole("grid", { name: "Alerts of the incident" }).waitFor();
    await page.keyboard.press("?");
    const map = page.getByRole("dialog", { name: "Keyboard map" });
    await map.getByText("Next row").first().waitFor();
    await eventually(() => map.getByText("Tab Graph").count(), 1);
    await page.keyboard.press("Escape");
    await map.waitFor({ state: "detached" });
    await sequence(page, "g", "i");
    await page.waitForURL(/\/incidents$/);
    await closeClean(page);
});

test("words are searched with field syntax; a wrong field is explained", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page).nth(4).waitFor();
    await page.keyboard.press("f");
    await page.keyboard.type("title:injection OR number:3");
    await page.keyboard.press("Enter");
    await eventually(() => rows(page).count(), 2);
    await page.go("/incidents?q=colour:red");
    await page.getByRole("alert").getByText("search_unknown_field").waitFor();
    await closeClean(page, { refused: true });
});

test("columns and views that were chosen are there again", async () => {
    const page = await clew.open();
    await page.go("/incidents?severity=High");
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByLabel("Created").check();
    await page.getByLabel("Products").uncheck();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Own query" }).click();
    await page.getByLabel("For everybody who works here").uncheck();
    await page.getByLabel("Name of the view").fill("Grave");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.go("/incidents");
    await rows(page).first().waitFor();
    await page.getByRole("columnheader", { name: "Created" }).waitFor();
    await page.getByRole("columnheader", { name: "Products" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "All incidents" }).click();
    await page.getByRole("button", { name: "Grave", exact: true }).click();
    await page.waitForURL(/severity=High/);
    await closeClean(page);
});

test("a view is there for everybody, as a query that finds the same incidents, until it is removed", async () => {
    const page = await clew.open();
    await page.go("/incidents?severity=High&product=Amazon%20GuardDuty");
    await eventually(() => rows(page).count(), 1);
    await page.getByRole("button", { name: "Own query" }).click();
    await page.getByLabel("Name of the view").fill("Grave in AWS");
    await page.keyboard.press("Enter");
    const colleague = await clew.open();
    await colleague.go("/incidents");
    await colleague.getByRole("button", { name: "All incidents" }).click();
    await colleague.getByRole("button", { name: "Grave in AWS", exact: true }).click();
    await colleague.waitForURL(/severity=High/);
    await eventually(() => rows(colleague).count(), 1);
    const { text } = await clew.get("/queries/view%2Fgrave-in-aws");
    const asked = await clew.send("POST", "/query", { lang: "kql", text: `${text}\n| project IncidentNumber` });
    assert.deepEqual(asked.rows, [[7]]);
    await colleague.getByRole("button", { name: "Grave in AWS" }).click();
    await colleague.getByRole("button", { name: "Remove the view Grave in AWS" }).click();
    await eventually(async () => (await fetch(`${clew.url}/v1/queries/view%2Fgrave-in-aws`)).status, 404);
    await closeClean(colleague);
    await closeClean(page);
});

test("the order is asked of the server and shown", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page).nth(4).waitFor();
    await page.getByRole("columnheader", { name: "Number" }).getByRole("button").click();
    await page.waitForURL(/sort=number/);
    const numbers = async () => rows(page).locator("[role=gridcell]:nth-child(3)").allInnerTexts();
    await page.locator("[role=columnheader][aria-sort=descending]", { hasText: "Number" }).waitFor();
    await eventually(numbers, ["7", "6", "5", "4", "3", "2", "1"]);
    await page.getByRole("columnheader", { name: "Number" }).getByRole("button").click();
    await page.waitForURL(/sort=-number/);
    await eventually(numbers, ["1", "2", "3", "4", "5", "6", "7"]);
    await closeClean(page);
});

test("the CSV has every row and column", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page).nth(4).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const lines = readFileSync(await download.path(), "utf8")
        .trim()
        .split("\r\n");
    assert.equal(lines.length, 8);
    assert.match(lines[0], /^Number,Id,Title,Severity/);
    await page.go("/incidents?q=alerts");
    await rows(page).nth(4).waitFor();
    const [found] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    assert.equal(
        readFileSync(await found.path(), "utf8")
            .trim()
            .split("\r\n").length,
        7,
    );
    await closeClean(page);
});

test("times follow the chosen zone, UTC stays beside them, and the head names the zone and its offset", async () => {
    const page = await clew.open();
    await page.go("/incidents/7");
    const time = page.getByRole("complementary", { name: "Details of the incident" }).locator("time").first();
    await eventually(() => time.innerText(), "2025-08-22 01:40:09");
    await page.keyboard.press("z");
    await eventually(() => time.innerText(), "2025-08-22 03:40:09 01:40Z");
    await eventually(() => page.locator("header.top").innerText(), /Europe\/Zurich \(UTC\+0[12]:00\)/);
    await eventually(() => time.getAttribute("title"), "2025-08-22 01:40:09Z");
    await closeClean(page);
});

test("a queue of a million incidents is entered anywhere, and no row stays blank", async () => {
    const page = await clew.open();
    const total = 1_000_000;
    const row = (index) => ({
        id: `made-${index}`,
        number: total - index,
        title: `Made incident ${total - index}`,
        severity: "Low",
        status: "New",
        products: [],
        tactics: [],
        tags: [],
        alerts: 1,
        seq: 1,
    });
    await page.route(/\/v1\/incidents\?/, (route) => {
        const params = new URL(route.request().url()).searchParams;
        const [offset, limit] = [Number(params.get("offset") ?? 0), Number(params.get("limit"))];
        const value = Array.from({ length: Math.min(limit, total - offset) }, (_, index) => row(offset + index));
        const counters = { status: { New: total }, severity: { Low: total } };
        return route.fulfill({ json: { value, total, complete: false, cursor: "more", counters } });
    });
    await page.go("/incidents");
    const list = page.getByRole("grid", { name: "Incidents" });
    await list.getByText("Made incident 1000000", { exact: true }).waitFor();
    await eventually(() => list.getAttribute("aria-rowcount"), String(total + 1));
    await page.keyboard.press("End");
    await list.getByText("Made incident 1", { exact: true }).waitFor();
    await page.waitForURL(/sel=made-999999/);
    const seenWhole = (index) =>
        list.evaluate((element, row) => {
            const box = element.getBoundingClientRect();
            const place = element.querySelector(`[aria-rowindex="${row + 2}"]`)?.getBoundingClientRect();
            return place !== undefined && place.top >= box.top && place.bottom <= box.bottom + 1;
        }, index);
    await eventually(() => seenWhole(total - 1), true);
    // Whoever scrolls on at the end stays at the end.
    const reach = await list.evaluate((element) => element.scrollHeight);
    await list.evaluate((element) => element.scrollTo(0, 2 * element.scrollHeight));
    await eventually(() => seenWhole(total - 1), true);
    assert.equal(await list.evaluate((element) => element.scrollHeight), reach);
    await page.keyboard.press("k");
    await page.waitForURL(/sel=made-999998/);
    await eventually(() => seenWhole(total - 1), true);
    await list.evaluate((element) => element.scrollTo(0, (element.scrollHeight - element.clientHeight) / 2));
    await list.getByText("Made incident 500000", { exact: true }).waitFor();
    await eventually(() => list.locator(".table-row.waiting").count(), 0);
    await eventually(
        () => list.locator("[role=row][aria-selected] [role=gridcell]:nth-child(3)").allInnerTexts(),
        (numbers) => numbers.length > 15 && numbers.every((text) => Math.abs(Number(text) - total / 2) < 1_000),
    );
    await closeClean(page, { refused: true });
});
