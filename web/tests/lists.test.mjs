// The powers that both long lists have: words with fields, where words are looked for, advanced search, columns, views, counters, groups,
// deeds on everything that words find.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { broken, closeClean, eventually, picture, started } from "./support.mjs";

const clew = started();

const { get } = clew;
const grid = (page, name) => page.getByRole("grid", { name, exact: true });
const rows = (page, name) => grid(page, name).locator("[role=row][aria-selected]");
const column = (page, name, place) => rows(page, name).locator(`[role=gridcell]:nth-child(${place})`).allInnerTexts();
const said = (page, text) => page.getByText(text, { exact: true }).waitFor();

test("incidents that words find show their alerts, are sorted by what can be sorted, and change together", async () => {
    const page = await clew.open();
    await page.go("/incidents?q=alerts&sort=title");
    await eventually(async () => (await column(page, "Incidents", 5)).map(Number).sort((a, b) => a - b), [2, 6, 9, 10, 24, 138]);
    await eventually(() => page.getByRole("columnheader", { name: "Title" }).getByRole("button").count(), 1);
    await eventually(() => page.locator("[role=columnheader][aria-sort=ascending], [role=columnheader][aria-sort=descending]").count(), 1);
    await page.getByLabel("Tick all that fit").check();
    const bar = page.getByRole("toolbar", { name: "Actions on incidents" });
    await bar.getByText("All 6 incidents").waitFor();
    await bar.getByRole("button", { name: "Status" }).click();
    await page.getByRole("button", { name: "Active", exact: true }).click();
    await said(page, "Status of 6 incidents is Active");
    await eventually(async () => (await get("/incidents?status=Active&limit=1")).total, 6);
    await page.getByRole("button", { name: "Undo" }).click();
    await eventually(async () => (await get("/incidents?status=Active&limit=1")).total, 0);
    await closeClean(page);
});

test("where words are looked for is chosen beside the search, and set back to the five usual places", async () => {
    const page = await clew.open();
    await page.go("/incidents?q=99999999");
    await eventually(() => rows(page, "Incidents").count(), 1);
    await page.getByRole("button", { name: "Where words are searched" }).click();
    await page.getByLabel("Titles").uncheck();
    await page.waitForURL(/field=id&field=tag&field=owner&field=product/);
    await page.getByRole("heading", { name: "No incident fits" }).waitFor();
    await page.getByLabel("Entities", { exact: true }).check();
    await eventually(() => rows(page, "Incidents").count(), 1);
    await page.getByRole("button", { name: "Set to default" }).click();
    await eventually(() => new URL(page.url()).searchParams.getAll("field").length, 0);
    await closeClean(page);
});

test("an advanced search is put together from conditions and stands in the address as text", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page, "Incidents").nth(4).waitFor();
    await page.getByRole("button", { name: "Where words are searched" }).click();
    await page.getByRole("button", { name: "Advanced search..." }).click();
    const dialog = page.getByRole("dialog", { name: "Advanced search" });
    await dialog.getByLabel("Value 1").fill("suspicious");
    await dialog.getByRole("button", { name: "Condition" }).click();
    await dialog.getByLabel("Condition 2 holds, or not").selectOption("not");
    await dialog.getByLabel("Field 2").selectOption("number");
    await dialog.getByLabel("Value 2").fill("4");
    await eventually(() => dialog.getByLabel("The search as text").innerText(), "title:suspicious AND (* AND NOT number:4)");
    assert.deepEqual(await broken(page, "[role=dialog]"), []);
    await dialog.getByRole("button", { name: "Search" }).click();
    await eventually(() => column(page, "Incidents", 3), ["1"]);
    await closeClean(page);
});

test("columns without room are named, come back beside less, and are kept where the list may be wide", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await rows(page, "Incidents").nth(4).waitFor();
    const choice = page.getByRole("button", { name: "Columns" });
    await choice.click();
    for (const name of ["Tags", "Created", "Changed", "Classification"]) await page.getByLabel(name, { exact: true }).check();
    await eventually(() => choice.innerText(), /\d without room/);
    await page.getByRole("columnheader", { name: "Last activity" }).waitFor();
    const hidden = await page.getByText("no room").count();
    assert.ok(hidden > 0);
    await page.getByLabel("Keep all, scroll sideways").check();
    await eventually(() => choice.innerText(), "Columns");
    await eventually(() => page.getByRole("columnheader").count(), 14);
    await closeClean(page);
});

test("incidents are narrowed to their classification and to whoever looks", async () => {
    const page = await clew.open();
    const { id } = await get("/incidents/1");
    const change = (fields) => clew.send("POST", "/incidents/bulk", { incidents: [id], change: fields });
    await change({
        status: "Closed",
        classification: "FalsePositive",
        classification_reason: "InaccurateData",
        classification_comment: "made",
        owner: { name: "local" },
    });
    await page.go("/incidents");
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("button", { name: "Classification" }).click();
    await page.getByLabel(/False Positive/).click();
    await page.waitForURL(/classification=FalsePositive/);
    await eventually(() => column(page, "Incidents", 3), ["1"]);
    await page.go("/incidents?owner=me");
    await eventually(() => column(page, "Incidents", 3), ["1"]);
    await page.getByRole("button", { name: /Owner me/ }).waitFor();
    await change({ status: "Active", reason: "made", owner: null });
    await closeClean(page);
});

test("alerts are searched, counted by state, narrowed, kept as a view and saved as a file", async () => {
    const page = await clew.open();
    await page.go("/alerts");
    await rows(page, "Alerts").first().waitFor();
    await page.getByRole("button", { name: "224 Open" }).waitFor();
    await page.keyboard.press("f");
    await page.keyboard.type("title:palo OR entity:i-99999999");
    await page.keyboard.press("Enter");
    const both = (await get("/search?q=title:palo%20OR%20entity:i-99999999&kind=alert&limit=1")).total;
    assert.ok(both > 10);
    await eventually(() => rows(page, "Alerts").count(), both);
    await eventually(() => grid(page, "Alerts").innerText(), /#7 Multi-stage/);
    await page.getByRole("button", { name: /^High/ }).click();
    await page.waitForURL(/severity=High/);
    const wanted = (await get("/search?q=(title:palo%20OR%20entity:i-99999999)%20AND%20severity:High&kind=alert&limit=1")).total;
    await eventually(() => rows(page, "Alerts").count(), wanted);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    assert.equal(
        readFileSync(await download.path(), "utf8")
            .trim()
            .split("\r\n").length,
        wanted + 1,
    );
    await page.getByRole("button", { name: "Own query" }).click();
    await page.getByLabel("Name of the view").fill("Grave ones");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("button", { name: "Grave ones" }).waitFor();
    const { text } = await get("/queries/alert-view%2Fgrave-ones");
    assert.match(text, /view: q=title/);
    await page.go("/alerts");
    await page.getByRole("button", { name: "All alerts" }).click();
    await page.getByRole("button", { name: "Grave ones", exact: true }).click();
    await eventually(() => rows(page, "Alerts").count(), wanted);
    await closeClean(page);
});

test("the columns of the alert list are chosen and stay, with the resource and the events of each alert", async () => {
    const page = await clew.open();
    await page.go("/alerts?title=palo");
    await eventually(() => rows(page, "Alerts").count(), 6);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByLabel("Events").check();
    await page.getByLabel("Tactics").uncheck();
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("columnheader", { name: "Resource" }).waitFor();
    await page.getByRole("columnheader", { name: "Tactics" }).waitFor({ state: "detached" });
    const events = grid(page, "Alerts").getByRole("link", { name: /^Events of Palo Alto/ });
    await eventually(async () => (await events.allInnerTexts()).filter((text) => /^[\d,]+$/.test(text)).length, 6);
    await events.first().click();
    await page.waitForURL(/\/query\?lang=kql/);
    assert.match(new URL(page.url()).searchParams.get("text"), /^SecurityEvent\n\| where TimeGenerated between/);
    await closeClean(page);
});

test("groups of repeats have their total, are sorted by how many they are, and change together", async () => {
    const page = await clew.open();
    await page.go("/alerts?view=repeats");
    await rows(page, "Repeats").first().waitFor();
    await page.getByRole("columnheader", { name: "Alerts" }).getByRole("button").click();
    await page.waitForURL(/sort=count/);
    const { value, total } = await get("/alerts?group=title&sort=count&limit=2");
    await eventually(
        async () => (await column(page, "Repeats", 2)).slice(0, 2).map(Number),
        value.map((row) => row.group.count),
    );
    await page.getByText(`${total} groups`, { exact: true }).waitFor();
    await page.getByText("224 alerts", { exact: true }).waitFor();
    await page.getByLabel("Tick row 1", { exact: true }).check();
    await page.getByLabel("Tick row 2", { exact: true }).check();
    const both = value[0].group.count + value[1].group.count;
    const bar = page.getByRole("toolbar", { name: "Actions on groups" });
    await bar.getByText(`${both} alerts`).waitFor();
    await bar.getByRole("button", { name: "Status" }).click();
    await page.getByRole("button", { name: "Resolved", exact: true }).click();
    await said(page, `Status of ${both} alerts is Resolved`);
    await eventually(async () => (await get("/alerts?status=Resolved&limit=1")).total, both);
    await page.getByRole("button", { name: "Undo" }).click();
    await eventually(async () => (await get("/alerts?status=Resolved&limit=1")).total, 0);
    await page.go("/alerts?view=repeats&q=palo");
    await eventually(() => column(page, "Repeats", 2), ["6"]);
    await rows(page, "Repeats").first().dblclick();
    await eventually(() => rows(page, "Alerts").count(), 6);
    await picture(page, "alerts");
    await closeClean(page);
});

test("words are searched inside an incident, too", async () => {
    const page = await clew.open();
    await page.go("/alerts?incident=4&q=ransomware");
    const wanted = (await get("/alerts?incident=4&title=ransomware&limit=1")).total;
    assert.ok(wanted > 0);
    await eventually(() => rows(page, "Alerts").count(), wanted);
    await page.go("/alerts?incident=7&q=ransomware");
    await page.getByRole("heading", { name: "No alert fits" }).waitFor();
    await closeClean(page);
});

test("an alert shows the query that raised it, what it found then and finds now, and leads to the rows", async () => {
    const page = await clew.open();
    const { hits } = await get("/search?q=title:palo&kind=alert&limit=1");
    await page.go(`/alerts/${hits[0].id}`);
    const pane = page.getByRole("complementary", { name: "Alert" });
    await pane.getByRole("link", { name: "25,010 events" }).waitFor();
    await pane.getByRole("button", { name: "Query", exact: true }).click();
    await eventually(() => pane.innerText(), /Found then\s+25,010\s+as its source says/);
    await eventually(
        () => pane.getByLabel("The query that fired").innerText(),
        /^SecurityEvent\n\| where TimeGenerated between .*\n\| where EventID == 4625/,
    );
    await pane.getByRole("button", { name: "Over all time" }).click();
    await eventually(() => pane.getByLabel("The query that fired").innerText(), /^SecurityEvent\n\| where EventID == 4625/);
    await eventually(() => pane.getByRole("status").innerText(), "2");
    assert.deepEqual(await broken(page, "aside"), []);
    await pane.getByRole("link", { name: "Open the events" }).click();
    await page.waitForURL(/\/query\?/);
    await page.getByText("92.52.10.25").first().waitFor();
    await closeClean(page);
});

test("an entity has insights, each with its query", async () => {
    const page = await clew.open();
    await page.go("/incidents/4/entities?sel=host:msticalertswin1");
    const pane = page.getByRole("complementary", { name: "Entity" });
    await pane.getByRole("button", { name: "Insights" }).click();
    await pane.getByRole("button", { name: "139, show query: Alerts of Azure Security Center" }).waitFor();
    const grave = (await get("/alerts?entity=host:msticalertswin1&severity=High&limit=1")).total;
    await pane.getByRole("button", { name: `${grave}, show query: High alerts` }).click();
    await pane.getByRole("link", { name: "Open and run" }).waitFor();
    await pane.getByRole("heading", { name: "Named together with" }).waitFor();
    await closeClean(page);
});
