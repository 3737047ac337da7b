// Work on many incidents at once, and on what belongs together: bulk changes, merge, split, parent, comments with their earlier texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeClean, eventually, picture, started } from "./support.mjs";

const clew = started();

const rows = (page) => page.getByRole("grid", { name: "Incidents" }).locator("[role=row][aria-selected]");
const bar = (page) => page.getByRole("toolbar", { name: /^Actions on/ });
const undo = (page) => page.getByRole("status").getByRole("button", { name: "Undo" }).last();
const said = (page, text) => page.getByRole("status").getByText(text).last().waitFor();
const incident = (number) => clew.get(`/incidents/${number}`);

async function openQueue(path = "/incidents") {
    const page = await clew.open();
    await page.go(path);
    await rows(page).first().waitFor();
    return page;
}

test("ticked incidents change in one step, and one Undo takes it back", async () => {
    const page = await openQueue();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("Shift+ArrowDown");
    await bar(page).getByText("2 incidents").waitFor();
    await picture(page, "queue-bulk");
    await bar(page).getByRole("button", { name: "Severity" }).click();
    await page.getByRole("button", { name: "Low", exact: true }).click();
    await said(page, "Severity of 2 incidents is Low");
    await eventually(
        () => rows(page).locator(".tone-low").count(),
        (count) => count >= 4,
    );
    const severities = () => Promise.all([7, 4, 3].map(async (number) => (await incident(number)).severity));
    assert.deepEqual(await severities(), ["Low", "Low", "High"]);
    await undo(page).click();
    await eventually(severities, ["High", "High", "High"]);
    await page.keyboard.press("Escape");
    await bar(page).waitFor({ state: "detached" });
    await closeClean(page);
});

test("all that a filter finds are closed together, with a classification, and opened again", async () => {
    const page = await openQueue("/incidents?product=Azure%20Security%20Center");
    const count = (await clew.get("/incidents?product=Azure%20Security%20Center&limit=1")).total;
    await eventually(() => rows(page).count(), count);
    await page.keyboard.press("Control+a");
    await bar(page).getByText(`All ${count} incidents`).waitFor();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog", { name: `Close ${count} incidents` });
    await dialog.getByText("False positive: incorrect alert logic").click();
    await dialog.getByRole("textbox").fill("a test of the detection");
    await dialog.getByRole("button", { name: "Close incident" }).click();
    await said(page, `${count} incidents closed`);
    assert.equal((await incident(4)).classification_reason, "IncorrectAlertLogic");
    await undo(page).click();
    await eventually(async () => (await incident(4)).status, "New");
    await closeClean(page);
});

test("two incidents become one and part again", async () => {
    const page = await openQueue("/incidents?sort=-number");
    const before = await incident(2);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("Shift+ArrowDown");
    await bar(page).getByText("2 incidents").waitFor();
    await page.keyboard.press("m");
    const dialog = page.getByRole("dialog", { name: "Merge 2 incidents" });
    await dialog.getByRole("radio").last().check();
    await dialog.getByRole("button", { name: "Merge" }).click();
    await said(page, "2 incidents are incident 2 now");
    assert.equal((await incident(2)).alerts, before.alerts + (await incident(1)).alerts);
    await undo(page).click();
    await eventually(async () => (await incident(2)).alerts, before.alerts);
    await closeClean(page);
});

test("one incident is put under another, merged into it by its rail, and both are taken back", async () => {
    const page = await clew.open();
    await page.go("/incidents/1");
    const rail = page.getByRole("complementary", { name: "Details of the incident" });
    await rail.getByRole("button", { name: "Belongs: on its own" }).click();
    await page.getByRole("button", { name: "Put under an incident..." }).click();
    const parent = page.getByRole("dialog", { name: "Put incident 1 under another" });
    await parent.getByLabel("Find an incident").fill("2");
    await eventually(() => parent.getByRole("radio").count(), 1);
    await parent.getByRole("radio", { name: /SQL injection/ }).check();
    await parent.getByRole("button", { name: "Put under it" }).click();
    await rail.getByRole("link", { name: "under 2" }).waitFor();
    await undo(page).click();
    await rail.getByRole("link", { name: "under 2" }).waitFor({ state: "detached" });
    await page.keyboard.press("m");
    const merge = page.getByRole("dialog", { name: "Merge incident 1 into another" });
    await merge.getByRole("radio", { name: /SQL injection/ }).check();
    await merge.getByRole("button", { name: "Merge" }).click();
    await page.waitForURL(/\/incidents\/2$/);
    await said(page, "Merged into incident 2");
    await undo(page).click();
    await eventually(async () => (await incident(1)).status, "New");
    await closeClean(page);
});

test("alerts are split off into an incident of their own", async () => {
    const page = await clew.open();
    await page.go("/incidents/3/alerts");
    const before = (await incident(3)).alerts;
    await page.getByRole("grid", { name: "Alerts of the incident" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await bar(page).getByText("1 alert", { exact: true }).waitFor();
    await page.keyboard.press("s");
    const dialog = page.getByRole("dialog", { name: "Split 1 alert off" });
    await dialog.getByRole("textbox").fill("A matter of its own");
    await page.keyboard.press("Enter");
    await said(page, "1 alert moved into a new incident");
    assert.equal((await incident(3)).alerts, before - 1);
    await undo(page).click();
    await eventually(async () => (await incident(3)).alerts, before);
    await closeClean(page);
});

test("alerts that are ticked become an incident", async () => {
    const page = await clew.open();
    await page.go("/alerts?incident=none");
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await bar(page).getByText("1 alert").waitFor();
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New incident of 1 alert" });
    await dialog.getByRole("textbox", { name: "Title" }).fill("Opened by hand");
    await dialog.getByRole("button", { name: "Open incident" }).click();
    await page.getByRole("heading", { level: 1, name: "Opened by hand" }).waitFor();
    await undo(page).click();
    await said(page, "Taken back");
    await closeClean(page, { refused: true });
});

test("the state of many alerts is changed at once and taken back; repeats are one row each", async () => {
    const page = await clew.open();
    await page.go("/alerts?title=ransomware");
    const list = page.getByRole("grid", { name: "Alerts" });
    await list.waitFor();
    const found = async (more = "") => (await clew.get(`/alerts?title=ransomware${more}`)).total;
    const count = await found();
    await page.keyboard.press("Control+a");
    await bar(page).getByText(`All ${count} alerts`).waitFor();
    await bar(page).getByRole("button", { name: "Status" }).click();
    await page.getByRole("button", { name: "Dismissed", exact: true }).click();
    await said(page, `Status of ${count} alerts is Dismissed`);
    assert.equal(await found("&status=Dismissed"), count);
    await undo(page).click();
    await eventually(() => found("&status=Dismissed"), 0);
    await page.go("/alerts?view=repeats&title=ransomware");
    const repeats = page.getByRole("grid", { name: "Repeats" });
    await repeats.waitFor();
    const groups = repeats.locator("[role=row][aria-selected]");
    await eventually(
        () => groups.count(),
        (shown) => shown > 0 && shown < count,
    );
    const repeated = groups.first().locator("[role=gridcell]").nth(1);
    const first = Number(await eventually(() => repeated.innerText(), /^\d+$/));
    await groups.first().dblclick();
    await page.waitForURL(/group_key=/);
    await eventually(() => list.locator("[role=row][aria-selected]").count(), first);
    await closeClean(page);
});

test("around an alert is what touched the same entities", async () => {
    const page = await clew.open();
    await page.go("/alerts?title=ransomware");
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    await page.keyboard.press("j");
    const pane = page.getByRole("complementary", { name: "Alert" });
    await pane.getByRole("button", { name: "Around" }).click();
    const items = pane.locator(".moments li time");
    await items.first().waitFor();
    const near = await items.count();
    await pane.getByLabel("Within").selectOption("1d");
    await eventually(
        () => items.count(),
        (count) => count > near,
    );
    await closeClean(page);
});

test("a comment is written in Markdown, rewritten, and shows what it said before", async () => {
    const page = await clew.open();
    await page.go("/incidents/4/notes");
    const comments = page.getByRole("region", { name: "Comments" });
    await comments.getByRole("textbox", { name: "Comment" }).fill("The **first** text\n\n- one\n- `two`");
    await page.keyboard.press("Control+Enter");
    await comments.locator(".markdown strong", { hasText: "first" }).waitFor();
    await eventually(() => comments.locator(".markdown li").count(), 2);
    await comments.getByRole("button", { name: "Rewrite the comment" }).click();
    await comments.getByRole("textbox", { name: "Text of the comment" }).fill("The second text");
    await page.keyboard.press("Control+Enter");
    await comments.getByText("The second text").waitFor();
    await comments.getByRole("button", { name: "edited" }).click();
    await comments.getByRole("list", { name: "Earlier texts" }).getByText("first").waitFor();
    await picture(page, "comments");
    await closeClean(page);
});

test("a row is kept as evidence of an incident, with the query that found it, and the incident is seen as it was before", async () => {
    const page = await clew.open();
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text: "SigninLogs | take 3" })}`);
    await page.getByRole("grid", { name: "Rows" }).waitFor();
    await page.keyboard.press("j");
    const row = page.getByRole("complementary", { name: "Row" });
    await row.getByRole("button", { name: "Keep as evidence" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("The failed sign-in");
    await page.getByLabel("What it shows").fill("A **wrong** password");
    await page.getByRole("textbox", { name: "Incident" }).fill("2");
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await said(page, 'Kept as "The failed sign-in"');
    await page.goto(`${clew.url}/incidents/2/notes`);
    const evidence = page.getByRole("region", { name: "Evidence" });
    await evidence.getByText("The failed sign-in").waitFor();
    await evidence.locator("strong", { hasText: "wrong" }).waitFor();
    assert.equal((await incident(2)).bookmarks.length, 1);
    await picture(page, "evidence");
    await page.keyboard.press("7");
    const changes = page.getByRole("region", { name: "Changes" });
    await changes.getByRole("button", { name: "As of then" }).last().click();
    await page.getByText("As it was known at").waitFor();
    // Nothing of the past can be changed, on any tab, by no key.
    await page.keyboard.press("6");
    await page.waitForURL(/\/notes\?asof=/);
    await page.getByRole("region", { name: "Tasks" }).waitFor();
    await eventually(() => page.getByRole("textbox", { name: "Comment" }).count(), 0);
    await eventually(() => evidence.getByRole("button", { name: /^Remove/ }).count(), 0);
    await eventually(() => page.getByRole("button", { name: /^(Status|Severity|Owner):/ }).count(), 0);
    await picture(page, "incident-as-of");
    await page.keyboard.press("c");
    await page.keyboard.press("m");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard map" }).waitFor();
    await eventually(() => page.getByRole("dialog").count(), 1);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "As it is now" }).click();
    await page.getByRole("button", { name: "Status: New" }).waitFor();
    await evidence.getByRole("button", { name: "Remove The failed sign-in" }).click();
    await evidence.getByText("The failed sign-in").waitFor({ state: "detached" });
    await closeClean(page);
});
