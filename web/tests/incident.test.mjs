// The incident, its alerts and entities, the alert list and the search, on the sample data.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeClean, complete, eventually, picture, started } from "./support.mjs";

const clew = started();

test("the overview says what the incident is about, and each part leads on", async () => {
    const page = await clew.open();
    await page.go("/incidents/7");
    await page.getByRole("heading", { level: 1, name: /Multi-stage activity/ }).waitFor();
    await page.getByRole("img", { name: /spans of time hold activity/ }).waitFor();
    const tactics = page.getByRole("region", { name: "Tactics" });
    await eventually(
        async () =>
            (await tactics.getByRole("link").allInnerTexts()).map((text) => text.replaceAll("\u00ad", "").replace(/\s+/g, " ").trim()),
        ["Reconnaissance 2", "Credential Access 1", "Discovery 1"],
    );
    await picture(page, "incident");
    await tactics.getByRole("link", { name: /Reconnaissance/ }).click();
    await page.waitForURL(/\/incidents\/7\/alerts\?tactic=Reconnaissance/);
    await eventually(() => page.locator("[role=row][aria-selected]").count(), 2);
    await closeClean(page);
});

for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
    [390, 844],
]) {
    test(`the name of every tactic is read whole at ${width} pixels`, async () => {
        const page = await clew.open({ width, height });
        await page.go("/incidents/7");
        const tactics = page.getByRole("region", { name: "Tactics" }).getByRole("listitem");
        await eventually(() => tactics.count(), 14);
        const cut = () =>
            tactics.evaluateAll((all) =>
                all
                    .flatMap((one) => [one, ...one.querySelectorAll("*")])
                    .filter((part) => getComputedStyle(part).display !== "inline" && part.scrollWidth > part.clientWidth)
                    .map((part) => part.textContent),
            );
        await eventually(cut, []);
        await closeClean(page);
    });
}

test("an alert opens beside the list: details, entities, document", async () => {
    const page = await clew.open({ theme: "light" });
    await page.go("/incidents/4/alerts");
    await page.getByRole("grid", { name: "Alerts of the incident" }).waitFor();
    await page.keyboard.press("j");
    const pane = page.getByRole("complementary", { name: "Alert" });
    await pane.getByRole("heading", { name: "Ransomware indicators detected" }).waitFor();
    await page.waitForURL(/sel=/);
    await complete(page);
    await picture(page, "incident-alerts");
    await pane.getByRole("button", { name: /Entities/ }).click();
    await pane
        .getByRole("link", { name: /ransomware.exe/ })
        .first()
        .waitFor();
    await pane.getByRole("group", { name: "Parts of the alert" }).getByRole("button", { name: "JSON" }).click();
    await pane.getByText('"Ransomware indicators detected"').first().waitFor();
    await page.reload();
    await pane.getByRole("heading", { name: "Ransomware indicators detected" }).waitFor();
    await closeClean(page);
});

test("entities by kind; an entity's questions carry counts and give as many rows", async () => {
    const page = await clew.open();
    await page.go("/incidents/4/entities?kind=host");
    await page.getByRole("grid", { name: "Entities of the incident" }).waitFor();
    await page.keyboard.press("j");
    const pane = page.getByRole("complementary", { name: "Entity" });
    await pane.getByRole("button", { name: "Questions" }).click();
    const question = pane.getByRole("button", { name: /Logons on the host/ });
    const count = Number(await eventually(() => question.locator(".tag").innerText(), /^\d+$/));
    await question.click();
    await eventually(() => pane.locator(".results-table tbody tr").count(), count);
    await picture(page, "incident-entities");
    await closeClean(page);
});

test("every tab has an address", async () => {
    const page = await clew.open();
    for (const tab of ["overview", "timeline", "alerts", "entities", "graph", "notes", "activity"]) {
        await page.go(`/incidents/7/${tab}`);
        await page.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
    }
    await closeClean(page);
});

test("repeats of alerts are grouped and opened", async () => {
    const page = await clew.open();
    await page.go("/alerts");
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    await page.keyboard.press("y");
    const grid = page.getByRole("grid", { name: "Repeats" });
    await grid.waitFor();
    const repeated = grid.locator("[role=row][aria-selected]").first().locator("[role=gridcell]").nth(1);
    const count = Number(await eventually(() => repeated.innerText(), /^\d+$/));
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(/group_key=/);
    await eventually(() => page.getByRole("grid", { name: "Alerts" }).getAttribute("aria-rowcount"), String(count + 1));
    await closeClean(page);
});

test("search finds alerts, incidents and entities and marks the words", async () => {
    const page = await clew.open();
    await page.go("/");
    await page.getByRole("grid", { name: "Incidents" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("account");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/search\?q=account/);
    await eventually(() => page.locator("mark").first().innerText(), /account/i);
    await picture(page, "search");
    await page
        .getByRole("complementary", { name: "Narrow the search" })
        .getByRole("button", { name: /Incident/ })
        .click();
    await page.waitForURL(/kind=incident/);
    await page.locator(".hit a[href^='/incidents/']").first().click();
    await page.getByRole("tablist").waitFor();
    await closeClean(page);
});

test("admin shows what the server holds", async () => {
    const page = await clew.open({ theme: "light" });
    await page.go("/admin");
    await page.getByRole("region", { name: "Tables" }).getByRole("link", { name: "SecurityAlert" }).waitFor();
    await page.getByRole("region", { name: "What it holds" }).getByText("43,120").waitFor();
    const checks = page.getByRole("region", { name: "Verification" });
    await checks.getByRole("button", { name: "Verify" }).first().click();
    await checks.getByText("whole", { exact: true }).waitFor();
    await picture(page, "admin");
    await page.getByRole("tab", { name: "Sources" }).click();
    const there = page.getByRole("region", { name: "What is there, by table and source" });
    // What is not on the screen is not asked for.
    await there.getByRole("listitem").filter({ hasText: "SecurityAlert" }).first().scrollIntoViewIfNeeded();
    await there.getByText("msticpy-host/alertlist.csv.gz").waitFor();
    await page.getByLabel("Files to take in").setInputFiles({
        name: "one.json",
        mimeType: "application/json",
        buffer: Buffer.from(
            JSON.stringify([
                {
                    SystemAlertId: "made-1",
                    AlertName: "Made by hand",
                    AlertSeverity: "Low",
                    ProviderName: "x",
                    TimeGenerated: "2026-01-01T00:00:00Z",
                    Own: 1,
                },
            ]),
        ),
    });
    await page.getByText(/1 new, 0 updated/).waitFor();
    await picture(page, "admin-sources");
    await closeClean(page);
});

test("an address that comes back leads to the other incident, with the terms of its score", async () => {
    const page = await clew.open();
    await page.go("/incidents/6");
    const similar = page.getByRole("region", { name: "Similar incidents" });
    await similar.getByRole("link", { name: /9 alerts on MSTICALERTSLXVM2/ }).waitFor();
    const terms = (await similar.locator(".terms .tag").allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
    assert.deepEqual(
        terms.map((text) => text.replace(/ \+[\d.]+$/, "")),
        ["entity ip:203.0.113.1", "entity account:dbadmin", "entity host:MSTICALERTSLXVM2"],
    );
    const sum = terms.reduce((total, text) => total + Number(/\+([\d.]+)$/.exec(text)[1]), 0);
    const score = Number(await similar.locator("strong.number").innerText());
    assert.ok(Math.abs(sum - score) < 0.02, `${sum} is ${score}`);
    await similar.getByRole("link", { name: /9 alerts on MSTICALERTSLXVM2/ }).click();
    await page.waitForURL(/\/incidents\/5$/);
    await closeClean(page);
});

test("which incidents share an address is asked in the graph, and the other one is tied to it", async () => {
    const page = await clew.open();
    await page.go("/incidents/6/graph");
    await page.waitForFunction(() => window.clewGraph?.atRest() && window.clewGraph.stats().drawn.nodes > 1);
    await page.getByRole("tab", { name: /^List/ }).click();
    await page.getByLabel("Find in the graph").fill("203.0.113.1");
    await page.locator('[role=treeitem][data-node="ip:203.0.113.1"]').click();
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("e");
    const query = page.getByRole("dialog", { name: /Exploration queries of/ }).getByRole("button", { name: /^Related incidents/ });
    await eventually(() => query.innerText(), /\+2$/);
    await query.click();
    await page.locator(".graph-notice", { hasText: "2 new nodes, 2 new links" }).waitFor();
    await page.waitForFunction(() => window.clewGraph?.atRest() && document.querySelector(".graph")?.getAttribute("aria-busy") === "false");
    await closeClean(page);
});
