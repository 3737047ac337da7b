// The analyst's story on the sample data: from the alert to the closed incident, with every change taken back once.
import { test } from "node:test";
import { closeClean, eventually, picture, started } from "./support.mjs";

const clew = started();

const rail = (page) => page.getByRole("complementary", { name: "Details of the incident" });
const undo = (page) => page.getByRole("status").getByRole("button", { name: "Undo" }).last();

test("an incident is taken on, worked on, closed, and opened again", async () => {
    const page = await clew.open();
    await page.go("/alerts");
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    await page.keyboard.press("j");
    await page
        .getByRole("complementary", { name: "Alert" })
        .getByRole("link", { name: /Incident/ })
        .click();
    await page.getByRole("heading", { level: 1, name: /Multi-stage activity/ }).waitFor();

    await rail(page).getByRole("button", { name: "Owner: unassigned" }).click();
    await page.getByLabel("Name of the owner").fill("Ana");
    await page.keyboard.press("Enter");
    await rail(page).getByRole("button", { name: "Owner: Ana" }).waitFor();
    await rail(page).getByRole("button", { name: "Status: New" }).click();
    await page.getByRole("button", { name: "Active", exact: true }).click();
    await rail(page).getByRole("button", { name: "Status: Active" }).waitFor();
    await rail(page).getByRole("button", { name: "Severity: High" }).click();
    await rail(page).getByRole("button", { name: "Low" }).click();
    await rail(page).getByRole("button", { name: "Severity: Low" }).waitFor();
    await undo(page).click();
    await rail(page).getByRole("button", { name: "Severity: High" }).waitFor();
    await rail(page).getByRole("button", { name: "Add a tag" }).click();
    await page.getByLabel("Tag", { exact: true }).fill("cloud");
    await page.keyboard.press("Enter");
    await rail(page).getByText("cloud", { exact: true }).waitFor();

    await page.goto(`${clew.url}/incidents/7/notes`);
    await page.getByRole("textbox", { name: "Comment" }).fill("Instance isolated. <b>not bold</b>");
    await page.getByRole("button", { name: "Add comment" }).click();
    await page.getByText("Instance isolated. <b>not bold</b>").waitFor();
    await page.getByLabel("What is to be done").fill("Rotate the keys");
    await page.keyboard.press("Enter");
    const task = page.getByRole("checkbox", { name: "Rotate the keys" });
    await task.click();
    await page.locator(".done", { hasText: "Rotate the keys" }).waitFor();
    await eventually(() => task.isChecked(), true);
    await picture(page, "notes");

    await page.locator("h1").click();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog", { name: /Close incident/ });
    await dialog.getByLabel("Benign positive: suspicious but expected").check();
    await dialog.getByLabel("Comment").fill("A planned test");
    await picture(page, "incident-close");
    await dialog.getByRole("button", { name: "Close incident" }).click();
    await rail(page).getByRole("button", { name: "Status: Closed" }).waitFor();
    await rail(page).getByText("BenignPositive").waitFor();

    await page.goto(`${clew.url}/incidents/7/activity`);
    const changes = page.getByRole("region", { name: "Changes" });
    await changes.getByText("BenignPositive").first().waitFor();
    await eventually(
        () => changes.getByRole("listitem").count(),
        (count) => count >= 7,
    );
    await changes.getByRole("button", { name: "Undo" }).first().click();
    await rail(page).getByRole("button", { name: "Status: Active" }).waitFor();
    await closeClean(page);
});

test("timeline and graph of an incident are those of what was known at an instant", async () => {
    const page = await clew.open();
    const ask = (method, path, body) => clew.send(method, `/incidents/1${path}`, body);
    const { versions, alerts_list: alerts } = await ask("GET", "");
    const [gone] = alerts;
    await ask("PATCH", "", { severity: "Low" });
    await ask("POST", "/alerts", { remove: [gone.id] });
    const items = (text) => page.getByRole("list", { name: "Items in order of time" }).getByText(text);
    const kinds = () => page.locator(".graph-pane").innerText();
    await page.go("/incidents/1/timeline");
    await items("severity High -> Low").waitFor();
    await eventually(
        () => items(gone.title).count(),
        (count) => count < alerts.length,
    );
    const then = `asof=${encodeURIComponent(versions[0].received)}`;
    await page.go(`/incidents/1/timeline?${then}`);
    await page.getByText("As it was known at").waitFor();
    await items(gone.title).first().waitFor();
    await eventually(() => items("severity High -> Low").count(), 0);
    await page.go(`/incidents/1/graph?${then}`);
    await eventually(kinds, new RegExp(`Alert\\s+${alerts.length}\\s`));
    await page.go("/incidents/1/graph");
    await eventually(kinds, new RegExp(`Alert\\s+${alerts.length - 1}\\s`));
    await closeClean(page, { refused: true });
});

test("what is being written stays when somebody else changes the incident, and on the way to another tab", async () => {
    const page = await clew.open();
    await page.go("/incidents/2/notes");
    await page.getByRole("textbox", { name: "Comment" }).fill("The host was");
    await page.getByLabel("What is to be done").fill("Ask the owner of");
    await clew.send("POST", "/incidents/2/tasks", { title: "Read the proxy log" });
    await page.getByRole("checkbox", { name: "Read the proxy log" }).waitFor();
    await eventually(() => page.getByLabel("What is to be done").inputValue(), "Ask the owner of");
    await page.getByRole("tab", { name: /^Alerts/ }).click();
    await page.getByRole("grid", { name: "Alerts of the incident" }).waitFor();
    await page.goBack();
    await eventually(() => page.getByRole("textbox", { name: "Comment" }).inputValue(), "The host was");
    await page.getByRole("textbox", { name: "Comment" }).press("Control+Enter");
    await page.getByRole("listitem").getByText("The host was").waitFor();
    await eventually(() => page.getByRole("textbox", { name: "Comment" }).inputValue(), "");
    await closeClean(page);
});

test("the timeline of an incident shows what comes in", async () => {
    const page = await clew.open();
    await page.go("/incidents/3/timeline");
    const shown = await eventually(() => page.locator(".timeline-bar").innerText(), /\d alert/);
    await clew.send("PATCH", "/incidents/3", { status: "Active" });
    await eventually(
        () => page.locator(".timeline-bar").innerText(),
        (text) => /1 change\b/.test(text) && text !== shown,
    );
    await closeClean(page);
});
