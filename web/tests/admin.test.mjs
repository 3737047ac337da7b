// What is defined under a name: rules with their back-test, lists with their items.
import { after, before, test } from "node:test";
import { closeClean, eventually, openPage, picture, startBrowser, startClew } from "./support.mjs";

let clew;
let browser;
before(async () => {
    [clew, browser] = await Promise.all([startClew("demo"), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await clew?.stop();
});

const get = async (path) => (await fetch(clew.url + path)).json();

test("a suppression rule is tried on what is there, defined, changed, deleted, and brought back", async () => {
    const page = await openPage(browser, clew.url);
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
    const wanted = (await get("/v1/alerts?title=security+center+test+alert&limit=1")).total;
    await eventually(() => outcome.innerText(), new RegExp(`\\b${wanted} of 199 alerts would be dismissed`));
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
    const page = await openPage(browser, clew.url);
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

test("an automation rule is tried on an incident, defined as a dry run, and shows its runs", async () => {
    const page = await openPage(browser, clew.url);
    await page.go("/admin/automation?sel=new");
    const form = page.getByRole("complementary", { name: "New automation rule" });
    await form.getByLabel("Name").fill("Look at all");
    await form.getByLabel("Incident or alert to try it on").fill("5");
    await form.getByRole("button", { name: "Try", exact: true }).click();
    await form.getByText("add the task `Look at it`").waitFor();
    await form.getByRole("button", { name: "Define" }).click();
    const rule = page.getByRole("complementary", { name: "The automation rule look-at-all" });
    await rule.getByText("It did not run yet.").waitFor();
    await fetch(`${clew.url}/v1/automation-rules/look-at-all/run`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ target: "incident:5" }),
    });
    await page.reload();
    await rule.getByText("dry run", { exact: true }).waitFor();
    await picture(page, "admin-automation");
    await closeClean(page);
});

test("an export is defined and says where it stands", async () => {
    const page = await openPage(browser, clew.url);
    await page.go("/admin/exports?sel=new");
    const form = page.getByRole("complementary", { name: "New export" });
    await form.getByLabel("Name").fill("To a file");
    await form.getByRole("button", { name: "Define" }).click();
    const one = page.getByRole("complementary", { name: "The export to-a-file" });
    await one.getByRole("region", { name: "Where it stands" }).getByText("Sent").waitFor();
    await closeClean(page);
});
