// What is defined under a name: rules with their back-test, lists with their items.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, picture, started } from "./support.mjs";

const clew = started();

const { get } = clew;

test("a suppression rule is tried on what is there, defined, changed, deleted, and brought back", async () => {
    const page = await clew.open();
    await page.go("/admin/suppression");
    await page.getByRole("heading", { name: "No suppression rule is defined" }).waitFor();
    await page.keyboard.press("n");
    const form = page.getByRole("complementary", { name: "New suppression rule" });
    await form.getByLabel("Name").fill("Test alerts of Azure");
    await form.getByRole("button", { name: "Condition" }).click();
    await form.getByLabel("Field of condition 1").fill("title");
    await form.getByLabel("Comparison of condition 1").selectOption("contains");
    await form.getByLabel("Value of condition 1").fill("Security Center test alert");
    await form.getByRole("button", { name: "Try on what is there" }).click();
    const outcome = form.getByRole("region", { name: "Back-test" });
    const wanted = (await get("/alerts?title=security+center+test+alert&limit=1")).total;
    await eventually(() => outcome.innerText(), new RegExp(`\\b${wanted} of 224 alerts would be dismissed`));
    await picture(page, "admin-suppression");
    await form.getByRole("button", { name: "Define" }).click();
    const rule = page.getByRole("complementary", { name: "The suppression rule test-alerts-of-azure" });
    await rule.waitFor();
    await rule.getByLabel("State").selectOption("Disabled");
    await rule.getByRole("button", { name: "Save" }).click();
    await page.getByRole("grid", { name: "Suppression" }).getByText("Disabled").waitFor();
    await rule.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "No suppression rule is defined" }).waitFor();
    await page.getByRole("status").getByRole("button", { name: "Undo" }).last().click();
    await page.getByRole("grid", { name: "Suppression" }).getByText("Test alerts of Azure").waitFor();
    await closeClean(page);
});

test("a watchlist is defined and takes a CSV in", async () => {
    const page = await clew.open();
    await page.go("/admin/watchlists?sel=new");
    const form = page.getByRole("complementary", { name: "New watchlist" });
    await form.getByLabel("Name").fill("Crown jewels");
    await form.getByLabel("Key column").fill("Host");
    await form.getByLabel("Columns").fill("Host, Owner");
    await form.getByRole("button", { name: "Define" }).click();
    const list = page.getByRole("complementary", { name: "The watchlist crown-jewels" });
    await list.getByLabel("CSV of items").setInputFiles({
        name: "hosts.csv",
        mimeType: "text/csv",
        buffer: Buffer.from("Host,Owner\nvm1,ana\nmsticalertswin1,bo\n"),
    });
    await list.getByRole("row", { name: /msticalertswin1 bo/ }).waitFor();
    await picture(page, "admin-watchlist");
    await list.getByRole("button", { name: "Remove vm1" }).click();
    await list.getByRole("row", { name: /vm1 ana/ }).waitFor({ state: "detached" });
    await closeClean(page);
});

test("what stands in a list of conditions stays with its condition when another one is removed", async () => {
    const page = await clew.open();
    await page.go("/admin/automation?sel=new");
    const form = page.getByRole("complementary", { name: "New automation rule" });
    for (const [place, value] of [
        [1, "High, Medium"],
        [2, "Low"],
    ]) {
        await form.getByLabel("Add: Condition").selectOption("Property");
        await form.getByLabel(`Property of condition ${place}`).fill("severity");
        await form.getByLabel(`Values of condition ${place}`).fill(value);
    }
    await form.getByRole("button", { name: "Remove condition 1" }).click();
    await form.getByLabel("Values of condition 2").waitFor({ state: "detached" });
    await eventually(() => form.getByLabel("Values of condition 1").inputValue(), "Low");
    await closeClean(page);
});

test("an automation rule is tried on an incident, defined as a dry run, and shows its runs", async () => {
    const page = await clew.open();
    await page.go("/admin/automation?sel=new");
    const form = page.getByRole("complementary", { name: "New automation rule" });
    await form.getByLabel("Name").fill("Look at all");
    await form.getByLabel("Add: Condition").selectOption("Property");
    await form.getByLabel("Property of condition 1").fill("severity");
    await form.getByLabel("Values of condition 1").fill("High, Medium");
    await form.getByLabel("Add: Condition").selectOption("Any of several");
    await form.getByLabel("Property of condition 2.1").fill("title");
    await form.getByLabel("Comparison of condition 2.1").selectOption("contains");
    await form.getByLabel("Values of condition 2.1").fill("activity");
    await form.getByLabel("Add: Action").selectOption("Change the incident");
    await form.getByLabel("Status of action 2").selectOption("Active");
    await form.getByLabel("Tags to add").fill("seen");
    await form.getByLabel("Incident or alert to try it on").fill("5");
    await form.getByRole("button", { name: "Try", exact: true }).click();
    await form.getByText("add the task `Look at it`").waitFor();
    await form
        .getByText(/status/)
        .last()
        .waitFor();
    await form.getByRole("button", { name: "Define" }).click();
    const rule = page.getByRole("complementary", { name: "The automation rule look-at-all" });
    await rule.getByText("It did not run yet.").waitFor();
    const { conditions, actions } = await get("/automation-rules/look-at-all");
    assert.deepEqual(conditions, [
        { type: "property", property: "severity", operator: "equals", values: ["High", "Medium"] },
        { type: "or", conditions: [{ type: "property", property: "title", operator: "contains", values: ["activity"] }] },
    ]);
    assert.deepEqual(
        actions.map((action) => action.type),
        ["add_task", "modify_incident"],
    );
    assert.deepEqual([actions[1].fields.status, actions[1].fields.add_tags], ["Active", ["seen"]]);
    await clew.send("POST", "/automation-rules/look-at-all/run", { target: "incident:7" });
    await page.reload();
    await rule.getByText("dry run", { exact: true }).first().waitFor();
    await picture(page, "admin-automation");
    await closeClean(page);
});

test("only hosts that are named may be called, and what names them is taken back", async () => {
    const page = await clew.open();
    await page.go("/admin/policies");
    const calls = page.getByRole("region", { name: "Calls outside" });
    await calls.getByText("No host may be called").waitFor();
    await calls.getByLabel("Host that may be called").fill("not a host");
    await page.keyboard.press("Enter");
    await calls.getByRole("alert").getByText("egress_invalid").waitFor();
    await calls.getByLabel("Host that may be called").fill("*.Example.com");
    await page.keyboard.press("Enter");
    await calls.getByText("*.example.com", { exact: true }).waitFor();
    await calls.getByLabel(/private and loopback/).click();
    await eventually(() => get("/egress"), { hosts: ["*.example.com"], private: true });
    await picture(page, "admin-policies");
    await calls.getByRole("button", { name: "Remove *.example.com" }).click();
    await calls.getByText("No host may be called").waitFor();
    await page.getByRole("status").getByRole("button", { name: "Undo" }).last().click();
    await calls.getByText("*.example.com", { exact: true }).waitFor();
    await closeClean(page, { refused: true });
});

test("an export is defined and says where it stands", async () => {
    const page = await clew.open();
    await page.go("/admin/exports?sel=new");
    const form = page.getByRole("complementary", { name: "New export" });
    await form.getByLabel("Name").fill("To a file");
    await form.getByLabel("Where it goes").selectOption("A topic of Kafka or Event Hubs");
    await form.getByLabel("Brokers").fill("broker.example.com:9093, other.example.com:9093");
    await form.getByLabel("Where it goes").selectOption("Files in the data directory");
    await form.getByLabel(/^Form/).selectOption("Parquet");
    await form.getByLabel("When").selectOption("snapshots at intervals");
    await form.getByLabel("Every").fill("1d");
    await form.getByLabel("Medium").check();
    await form.getByRole("button", { name: "Define" }).click();
    const one = page.getByRole("complementary", { name: "The export to-a-file" });
    const { target, schedule, filter } = await eventually(
        () => get("/exports/to-a-file"),
        (made) => made.id === "to-a-file",
    );
    assert.deepEqual([target, schedule.every, filter.severity], [{ type: "file", format: "parquet" }, "1d", ["Medium"]]);
    await one.getByRole("region", { name: "Where it stands" }).getByText("Sent").waitFor();
    await picture(page, "admin-exports");
    await closeClean(page);
});

test("sources of every table are there with their rows and what no column holds", async () => {
    const page = await clew.open();
    await page.go("/admin/sources");
    const there = page.getByRole("region", { name: "What is there, by table and source" });
    const table = there.getByRole("listitem").filter({ hasText: "SecurityEvent" }).first();
    await table.getByText("1,768 rows").waitFor();
    // What is not on the screen is not asked for.
    await table.scrollIntoViewIfNeeded();
    await table.getByRole("row", { name: /processes_on_host\.csv\.gz 363 / }).waitFor();
    await table.getByText(/^18 rows hold members/).click();
    await table.getByRole("row", { name: /^Type 18 1$/ }).waitFor();
    await closeClean(page);
});

test("how long rows are kept is set, counted, let go when somebody says so, and taken back", async () => {
    const page = await clew.open();
    await page.go("/admin/retention");
    const settings = page.getByRole("region", { name: "How long rows are kept" });
    await settings.getByText("No table has a setting").waitFor();
    await settings.getByLabel("Table").selectOption("Syslog");
    await settings.getByLabel("Days").fill("30");
    await settings.getByRole("button", { name: "Set" }).click();
    await settings.getByRole("row", { name: /^Syslog 30 days/ }).waitFor();
    const leaving = page.getByRole("region", { name: "What is too old" });
    await leaving.getByRole("button", { name: "Count" }).click();
    await leaving.getByRole("row", { name: /^Syslog 30 days .* 143 / }).waitFor();
    await picture(page, "admin-retention");
    await leaving.getByRole("button", { name: "Let it leave now" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await settings.getByRole("button", { name: "Keep rows of Syslog for ever" }).click();
    await settings.getByText("No table has a setting").waitFor();
    await page.getByRole("button", { name: "Undo" }).last().click();
    await settings.getByRole("row", { name: /^Syslog 30 days/ }).waitFor();
    assert.equal((await get("/retention")).value[0].days, 30);
    await fetch(`${clew.url}/v1/retention/Syslog`, { method: "DELETE" });
    await closeClean(page);
});

test("reports of earlier ingests are listed, grow when asked for more, and open with what was rejected", async () => {
    const give = (source, text) => fetch(`${clew.url}/v1/ingest?table=Readings_CL&source=${source}`, { method: "POST", body: text });
    for (let day = 10; day < 21; day += 1) {
        const row = JSON.stringify({ TimeGenerated: `2025-03-${day}T08:00:00Z`, Reading: day });
        assert.equal((await give(`readings-${day}.jsonl`, `${row}\n${day === 20 ? '{"Reading": \n' : ""}`)).status, 200);
    }
    const { total, value } = await get("/ingests?limit=10");
    assert.deepEqual([value[0].source, value[0].documents, value[0].new, value[0].rejected], ["readings-20.jsonl", 2, 1, 1]);
    const page = await clew.open();
    await page.go("/admin/sources");
    const list = page.getByRole("region", { name: "What was taken in" });
    await list.getByText(`${total} reports`, { exact: true }).waitFor();
    const rows = list.getByRole("button", { name: /report of/ });
    await eventually(() => rows.count(), 10);
    await list.getByRole("button", { name: "Show more" }).click();
    await eventually(() => rows.count(), total);
    await list.getByRole("button", { name: "Show more" }).waitFor({ state: "detached" });
    await list.getByRole("row", { name: /report of .* demo / }).waitFor();
    await list.getByRole("button", { name: /report of readings-20\.jsonl/ }).click();
    await page.waitForURL(new RegExp(`sel=${value[0].id}`));
    const report = list.getByRole("region", { name: "Report of the ingest" });
    await report.getByText("1 new, 0 updated, 0 known, 1 rejected").waitFor();
    const record = await get(`/ingests/${value[0].id}`);
    const [reject] = record.rejects;
    await report.getByRole("row", { name: `readings-20.jsonl:${reject.line} ${reject.message} ${reject.code}` }).waitFor();
    await report.getByText("1 file that documents came from").click();
    await report.getByRole("row", { name: "readings-20.jsonl 2", exact: true }).waitFor();
    await complete(page);
    assert.deepEqual(await broken(page), []);
    await picture(page, "admin-ingests");
    await page.keyboard.press("Escape");
    await report.waitFor({ state: "detached" });
    // An address names a report that the first page does not show.
    const oldest = (await get("/ingests?limit=1000")).value.at(-1);
    await page.go(`/admin/sources?sel=${oldest.id}`);
    await report.getByText(`demo`).first().waitFor();
    await eventually(() => rows.count(), 10);
    await report.locator("xpath=..").getByRole("button", { name: "Close the report" }).click();
    await report.waitFor({ state: "detached" });
    await page.go("/admin/sources?sel=nothing");
    await report.getByText("ingest_unknown").waitFor();
    await closeClean(page, { refused: true });
});
