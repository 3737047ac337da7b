// The query screen: run, errors with their place, results as table, chart and timeline, what is kept.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { closeClean, eventually, picture, started } from "./support.mjs";

const clew = started();

const sql = (text) => `/query?${new URLSearchParams({ lang: "sql", text })}`;
const editor = (page) => page.getByRole("textbox", { name: "Query" });

/** Waits until the editor offers a completion that a key can take: one that is shown while the next is asked for takes none. */
const offered = (page, name) =>
    page
        .locator(".cm-tooltip-autocomplete:not(.cm-tooltip-autocomplete-disabled)")
        .getByRole("option", { name, selected: true })
        .first()
        .waitFor();

test("a query is typed, run by keyboard, and stands in the address", async () => {
    const page = await clew.open();
    await page.go("/query?lang=sql");
    await editor(page).click();
    await page.keyboard.type("SELECT Severity, count(*) AS n FROM Alerts GROUP BY Severity ORDER BY n DESC");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    const grid = page.getByRole("grid", { name: "Rows" });
    await eventually(() => grid.locator("[role=row][aria-selected]").first().locator("[role=gridcell]").allInnerTexts(), ["High", "106"]);
    await page.waitForURL(/text=SELECT/);
    await page.reload();
    await grid.waitFor();
    await page.getByRole("button", { name: "History" }).click();
    await page
        .getByRole("complementary", { name: "Tables and queries" })
        .getByRole("button", { name: /SELECT Severity, count.*\d{4}-\d\d-\d\d \d\d:\d\d.* 4 rows/s })
        .waitFor();
    await closeClean(page);
});

test("a result becomes a chart and lies along time", async () => {
    const page = await clew.open();
    await page.go(
        sql("SELECT ProductName, Severity, count(*) AS Alerts\nFROM Alerts\nGROUP BY ProductName, Severity\nORDER BY Alerts DESC"),
    );
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await page.getByRole("button", { name: "Chart" }).click();
    await page.getByRole("img", { name: /Chart of High/ }).waitFor();
    await eventually(() => page.locator(".chart-plane rect").count(), 12);
    await picture(page, "query");
    await page.go(sql("SELECT TimeGenerated, AlertName FROM SecurityAlert"));
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await page.getByRole("button", { name: "Timeline" }).click();
    await page.getByRole("list", { name: "Rows in the order of time" }).waitFor();
    await closeClean(page);
});

test("a chart has every property that render gives it", async () => {
    const page = await clew.open();
    const kql = (text) => page.go(`/query?${new URLSearchParams({ lang: "kql", text })}`);
    await kql(
        `SecurityAlert | summarize n=count(), m=dcount(AlertName) by AlertSeverity, ProductName
| render columnchart with (kind=stacked, title="Alerts by product", xcolumn=ProductName, ycolumns=m, series=AlertSeverity, ytitle="Names")`,
    );
    const plane = page.locator(".chart-plane");
    await page.locator(".chart-title").getByText("Alerts by product", { exact: true }).waitFor();
    await plane.getByText("Names", { exact: true }).waitFor();
    await plane.getByText("Azure Sentinel", { exact: true }).waitFor();
    await eventually(
        () => page.locator(".chart .legend li").allInnerTexts(),
        (names) => names.includes("High") && !names.join().includes("Azure"),
    );
    // Columns of one name stand on each other, not beside each other.
    const places = () => plane.locator("rect").evaluateAll((all) => new Set(all.map((one) => one.getAttribute("x"))).size);
    await eventually(places, 5);
    await page.getByLabel("How series stand").selectOption("none");
    await eventually(places, (count) => count > 5);
    // Numbers that name something stand side by side as well.
    await kql("SecurityEvent | summarize count() by EventID | render columnchart");
    await eventually(
        () => plane.locator("rect").evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().x))),
        (left) => left.length > 20 && new Set(left).size === left.length,
    );
    await closeClean(page);
});

test("series in arrays are drawn along time, with the anomalies that their flags name", async () => {
    const page = await clew.open();
    const series = "SecurityEvent | make-series n=count() on TimeGenerated from datetime(2019-01-15) to datetime(2019-01-16) step 1h";
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text: `${series} by Account | render timechart` })}`);
    await page.getByRole("img", { name: /MSTICAdmin.* by TimeGenerated/ }).waitFor();
    await eventually(() => page.locator(".chart-plane circle").count(), 96);
    const flagged = `${series} | extend (f, s, b) = series_decompose_anomalies(n, 0.5) | render anomalychart with (ycolumns=n, anomalycolumns=f)`;
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text: flagged })}`);
    await eventually(() => page.locator(".chart-anomaly").count(), 2);
    await closeClean(page);
});

test("an error shows its code and its place in the text", async () => {
    const page = await clew.open();
    await page.go(sql("SELECT Severty FROM Alerts"));
    await page.getByRole("alert").waitFor();
    await page.locator(".cm-lintRange-error, .cm-lintPoint-error").first().waitFor();
    await closeClean(page, { refused: true });
});

test("a table's columns complete what is typed", async () => {
    const page = await clew.open();
    await page.go("/query?lang=sql");
    await editor(page).click();
    await page.keyboard.type("SELECT * FROM SigninLogs WHERE UserPrin");
    await offered(page, /UserPrincipalName/);
    await page.keyboard.press("Tab");
    await eventually(() => editor(page).innerText(), /WHERE UserPrincipalName/);
    await closeClean(page);
});

test("KQL is completed by the server and checked while one types", async () => {
    const page = await clew.open();
    await page.go("/query?lang=kql");
    await editor(page).click();
    await page.keyboard.type("SigninLogs | where ResultTy");
    await offered(page, /ResultType/);
    await picture(page, "query-completion");
    await page.keyboard.press("Tab");
    await eventually(() => editor(page).innerText(), /where ResultType/);
    await page.keyboard.type("X != 0");
    // What is typed is checked now and then: the marks of a text that is not done yet go by.
    await eventually(() => page.locator(".cm-lintRange-error").allInnerTexts(), ["ResultTypeX"]);
    await page.locator(".cm-lint-marker-error").hover();
    await page.getByText("no column is named 'ResultTypeX'").first().waitFor();
    await closeClean(page);
});

test("a question of the library is asked of an entity", async () => {
    const page = await clew.open();
    await page.go("/query");
    await page.getByRole("button", { name: "Library" }).click();
    await page.getByRole("button", { name: "Processes on the host", exact: true }).click();
    await page.getByLabel("Of which entity?").fill("host:msticalertswin1");
    await page.keyboard.press("Enter");
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await closeClean(page);
});

test("the result of a graph query is drawn as a graph, and any result as pairs of two columns", async () => {
    const page = await clew.open();
    const text =
        'graph("entities") | graph-match (a)-[r]->(b) where labels(a) has "account" and b.label == "175.45.176.99" project a, r, b';
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text })}`);
    const views = page.getByRole("group", { name: "View of the result" });
    await views.getByRole("button", { name: "Graph" }).click();
    await page.waitForFunction(() => window.clewGraph?.atRest() && window.clewGraph.stats().drawn.nodes > 1);
    await page.getByRole("tab", { name: /^List/ }).click();
    await page
        .getByRole("treeitem", { name: /175\.45\.176\.99/ })
        .first()
        .waitFor();
    await picture(page, "query-graph");
    await page.go(
        `/query?${new URLSearchParams({ lang: "kql", text: "SigninLogs | project TimeGenerated, UserPrincipalName, IPAddress" })}`,
    );
    await views.getByRole("button", { name: "Graph" }).click();
    await page.getByText("3 nodes and 2 links").waitFor();
    await closeClean(page);
});

test("the result of a query lies along time, in lanes and as a list", async () => {
    const page = await clew.open();
    await page.go(
        `/query?${new URLSearchParams({ lang: "kql", text: "SecurityAlert | project StartTime, EndTime, AlertSeverity, AlertName" })}`,
    );
    await page.getByRole("group", { name: "View of the result" }).getByRole("button", { name: "Timeline" }).click();
    await page.getByText("224 of 224 rows").waitFor();
    await picture(page, "query-timeline");
    const head = await page.locator(".parallel-head").boundingBox();
    await page.mouse.move(head.x + 200, head.y + 8);
    await page.mouse.down();
    await page.mouse.move(head.x + 420, head.y + 8, { steps: 3 });
    await page.mouse.up();
    await page
        .getByText(/^\d+ of 224 rows$/)
        .filter({ hasNotText: "224 of 224" })
        .waitFor();
    await page.getByRole("button", { name: "Clear the window" }).click();
    await page.getByRole("list", { name: "Rows in the order of time" }).getByRole("button").first().click();
    await page.getByRole("complementary", { name: "Row" }).waitFor();
    await closeClean(page);
});

test("a query is saved for everybody, opened by a colleague, removed and brought back", async () => {
    const page = await clew.open();
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text: "SigninLogs | take 2" })}`);
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByLabel("Name of the query").fill("Two sign-ins");
    await page.keyboard.press("Enter");
    await page.getByText('Saved as "Two sign-ins"').waitFor();
    const colleague = await clew.open();
    await colleague.go("/query");
    const side = colleague.getByRole("complementary", { name: "Tables and queries" });
    await side.getByRole("button", { name: "Saved" }).click();
    await side.getByRole("button", { name: "Two sign-ins KQL" }).click();
    await eventually(() => colleague.getByRole("grid", { name: "Rows" }).getAttribute("aria-rowcount"), "3");
    await side.getByRole("button", { name: "AWS logging stopped KQL" }).waitFor();
    await side.getByRole("button", { name: "Remove Two sign-ins" }).click();
    await side.getByRole("button", { name: "Two sign-ins KQL" }).waitFor({ state: "detached" });
    await colleague.getByRole("status").getByRole("button", { name: "Undo" }).click();
    await side.getByRole("button", { name: "Two sign-ins KQL" }).waitFor();
    await closeClean(colleague);
    await closeClean(page);
});

test("the file of a result has every row, however few the screen shows", async () => {
    const page = await clew.open();
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text: "WindowsEvent | project TimeGenerated, EventID" })}`);
    await page.getByText("Ask for more").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const lines = readFileSync(await download.path(), "utf8")
        .trim()
        .split("\r\n");
    assert.equal(lines.length, 40_600);
    await closeClean(page);
});
