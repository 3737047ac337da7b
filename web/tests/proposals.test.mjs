// Proposals: changes that an assistant asked for, seen with reason, records and what would change, accepted, rejected, refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, eventually, picture, started } from "./support.mjs";

const clew = started();

const propose = (incident, action, change, reason) =>
    clew.send("POST", "/proposals", { incident, action, change, reason, records: [1, 2] });
const incident = (number) => clew.get(`/incidents/${number}`);
const stateOf = async (id) => (await clew.get(`/proposals/${id}`)).state;
const card = (page, name) => page.getByRole("listitem", { name: `Proposal: ${name}` });

test("a proposal is counted in the head, shown with what would change, and accepted", async () => {
    const page = await clew.open();
    const hostile = "Only <img src=x onerror=alert(1)> the *scanner*";
    const { id } = await propose("7", "update", { severity: "Low", add_tags: ["scanner"] }, hostile);
    await propose("7", "comment", { message: "The address belongs to the scanner." }, "The list of scanners names it.");
    await page.go("/incidents/7");
    const notice = page.getByRole("status").filter({ hasText: "2 changes are proposed" });
    await notice.waitFor();
    await page.getByRole("link", { name: /Proposals 2 waiting/ }).click();
    const one = card(page, "Change severity and tags");
    await one.getByText("<img src=x onerror=alert(1)>").waitFor();
    await one.locator("del", { hasText: "High" }).waitFor();
    await one.locator("ins", { hasText: "Low" }).waitFor();
    await one.locator("ins", { hasText: "scanner" }).waitFor();
    assert.equal(await one.getByText(/^document \d/).count(), 2);
    assert.deepEqual(await broken(page), []);
    await picture(page, "proposals");
    await one.getByLabel("Remark on the decision").fill("seen on the list");
    await one.getByRole("button", { name: "Accept" }).click();
    await one.waitFor({ state: "detached" });
    assert.equal((await incident(7)).severity, "Low");
    await page.getByRole("link", { name: /Proposals 1 waiting/ }).waitFor();
    await page.getByRole("button", { name: "Accepted" }).click();
    await card(page, "Change severity and tags").getByText("seen on the list").waitFor();
    assert.equal(await stateOf(id), "accepted");
    await page.getByRole("status").getByRole("button", { name: "Undo" }).last().click();
    await eventually(async () => (await incident(7)).severity, "High");
    await closeClean(page);
});

test("what is written beside a proposal stays when something else comes in", async () => {
    const page = await clew.open();
    await propose("4", "comment", { message: "The account is a test account." }, "It is named so.");
    await page.go("/proposals");
    const remark = card(page, "Add a comment").last().getByLabel("Remark on the decision");
    await remark.fill("asked the owner of it");
    await propose("4", "task", { title: "Ask for the test plan" }, "Nobody told of a test.");
    await card(page, "Add a task").waitFor();
    assert.equal(await card(page, "Add a comment").last().getByLabel("Remark on the decision").inputValue(), "asked the owner of it");
    await closeClean(page);
});

test("a proposal is decided where the incident is worked on, by keyboard", async () => {
    const page = await clew.open();
    await propose("3", "task", { title: "Isolate the host" }, "A second stage was loaded.");
    await page.go("/incidents/3/activity");
    const one = page.getByRole("region", { name: "Proposed changes" }).getByRole("listitem", { name: "Proposal: Add a task" });
    await one.getByRole("button", { name: "Reject" }).focus();
    await page.keyboard.press("Enter");
    await one.waitFor({ state: "hidden" });
    await page.getByText("rejected a proposal").waitFor();
    assert.equal((await incident(3)).tasks.length, 0);
    await closeClean(page);
});

test("an incident that was changed since asks for a second look, and a decision of somebody else is told", async () => {
    const page = await clew.open();
    const { id } = await propose("2", "update", { title: "Renamed by the assistant" }, "The title says nothing.");
    await page.go("/proposals");
    const one = card(page, "Change title");
    await one.waitFor();
    // The page does not look before it is told to: what it shows is of before.
    await page.route("**/v1/stats", (route) => route.abort());
    await clew.send("PATCH", "/incidents/2", { severity: "Low" });
    await one.getByRole("button", { name: "Accept", exact: true }).click();
    await one.getByText("The incident was changed after this was proposed").waitFor();
    assert.equal(await stateOf(id), "open");
    await clew.send("POST", `/proposals/${id}/reject`, {});
    await one.getByRole("button", { name: "Accept all the same" }).click();
    await one.getByRole("alert").getByText("proposal_decided").waitFor();
    await page.unroute("**/v1/stats");
    await card(page, "Change title").waitFor({ state: "detached" });
    page.faults = page.faults.filter((fault) => !/ERR_FAILED/.test(fault));
    await closeClean(page, { refused: true });
});

test("what was shown of a long list stays shown when something else comes in", async () => {
    const page = await clew.open();
    for (let number = 0; number < 60; number += 1) await propose("2", "task", { title: `Made ${number}` }, "Made.");
    await page.go("/proposals");
    const cards = page.getByRole("listitem", { name: /^Proposal:/ });
    await eventually(() => cards.count(), 50);
    await page.getByRole("button", { name: "Show more" }).click();
    const all = await eventually(
        () => cards.count(),
        (shown) => shown >= 60,
    );
    await propose("2", "task", { title: "The latest one" }, "Made.");
    await page.getByText("The latest one").waitFor();
    await eventually(() => cards.count(), all + 1);
    await closeClean(page);
});
