// Notifications: what a colleague does is counted in the head without a reload, read by opening it, and chosen by everybody for themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, picture, sequence, started } from "./support.mjs";

const NAMES = { admin: "chief", responder: "analyst", reader: "guest" };
const clew = started("demo", async () => {
    for (const [role, name] of Object.entries(NAMES)) {
        const made = await send("POST", "/keys", { name, role }, keys.admin);
        keys[role] = made.secret;
    }
    // What the sample data is news of was read long ago.
    for (const key of Object.values(keys)) {
        const [newest] = (await clew.get("/notifications?limit=1", key)).value;
        if (newest) await send("POST", "/notifications/read", { through: newest.id }, key);
    }
});
const { send } = clew;
const keys = {};

/** The page of whoever has a key; it opens with the queue. */
async function pageOf(role, options) {
    const page = await clew.open(options);
    await page.context().addInitScript((key) => sessionStorage.setItem("clew.token", key), keys[role]);
    await page.go("/incidents");
    return page;
}

const give = (number, name, role = "admin") => send("PATCH", `/incidents/${number}`, { owner: { name } }, keys[role]);
const say = (number, message) => send("POST", `/incidents/${number}/comments`, { message }, keys.admin);
const bell = (page, count) =>
    page.getByRole("button", { name: count > 0 ? `Notifications, ${count} unread` : "Notifications", exact: true });
const line = (page, text) => page.getByRole("list", { name: "Notifications" }).getByRole("listitem").filter({ hasText: text });

test("what others do is counted without a reload, opened by keyboard and read then", async () => {
    const page = await pageOf("responder");
    await bell(page, 0).waitFor();
    await give(7, NAMES.responder);
    await say(5, `@${NAMES.responder} is <img src=x onerror=alert(1)> the *scanner*?`);
    await bell(page, 2).waitFor();
    await bell(page, 2).focus();
    await page.keyboard.press("Enter");
    await line(page, "<img src=x onerror=alert(1)>").waitFor();
    assert.deepEqual(await broken(page), []);
    await picture(page, "notifications");
    // The newest stands first: that the incident was new is a line of its own.
    const given = line(page, "Multi-stage activity").first();
    await given.getByText(NAMES.admin).waitFor();
    await given.getByRole("link").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/incidents\/7/);
    await bell(page, 1).waitFor();
    await page.keyboard.press("Escape");
    await closeClean(page);
});

test("all of them have a screen: unread ones, one marked as read, then all", async () => {
    const page = await pageOf("responder");
    await give(4, NAMES.responder);
    await bell(page, 2).waitFor();
    await sequence(page, "g", "n");
    await page.getByRole("heading", { name: "Notifications" }).waitFor();
    assert.equal(await page.title(), "Notifications · clew");
    await complete(page);
    assert.deepEqual(await broken(page), []);
    await page.getByRole("button", { name: "Unread", exact: true }).click();
    await eventually(() => page.locator(".notification").count(), 2);
    await line(page, "138 alerts")
        .getByRole("button", { name: /Mark as read/ })
        .click();
    await eventually(() => page.locator(".notification").count(), 1);
    await page.getByRole("button", { name: "All", exact: true }).click();
    await page.getByRole("button", { name: "Mark all 1 read" }).click();
    await bell(page, 0).waitFor();
    await page.getByRole("button", { name: "Unread", exact: true }).click();
    await page.getByText("None of these").waitFor();
    await closeClean(page);
});

test("a person chooses what to be told, and takes it back", async () => {
    const page = await pageOf("responder");
    await page.go("/notifications");
    const card = page.getByRole("region", { name: "What you are told of" });
    await card.getByRole("checkbox", { name: /Given to you/ }).uncheck();
    assert.equal(await card.getByRole("checkbox", { name: /Failures/ }).count(), 0);
    await card.getByLabel("New incidents and alerts count from").selectOption("Critical");
    await card.getByLabel("Further names that mean you").fill("Night Shift");
    await card.getByRole("button", { name: "Save" }).click();
    await card.getByText("night shift").waitFor();
    const settings = async () => (await send("GET", "/notifications/settings", undefined, keys.responder)).chosen;
    assert.deepEqual(await settings(), {
        kinds: ["mentioned", "changed", "incident", "alert", "rule", "failed"],
        severity: "Critical",
        names: ["Night Shift"],
    });
    await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
    await card.getByRole("checkbox", { name: /Given to you/, checked: true }).waitFor();
    await eventually(async () => (await settings()).names ?? [], []);
    await closeClean(page);
});

test("who may only read is told nothing of what others give each other, and an administrator sets what holds for everybody", async () => {
    const guest = await pageOf("reader");
    await bell(guest, 0).waitFor();
    await guest.go("/notifications?state=unread");
    await guest.getByText("None of these").waitFor();
    await closeClean(guest);
    const page = await pageOf("admin");
    await page.go("/admin/policies");
    const card = page.getByRole("region", { name: "Notifications" });
    await card.getByRole("checkbox", { name: /Rules/ }).uncheck();
    await card.getByRole("button", { name: "Save" }).click();
    await card.getByRole("button", { name: "The kinds as usual" }).waitFor();
    const defaults = await send("GET", "/notifications/defaults", undefined, keys.admin);
    assert.deepEqual(defaults, { kinds: ["mentioned", "assigned", "changed", "incident", "alert", "failed"] });
    await closeClean(page);
});

test("a server that knows no notifications is asked once, and nothing is said of them", async () => {
    const page = await clew.open();
    let asked = 0;
    await page.route("**/v1/notifications**", (route) => {
        asked += 1;
        return route.fulfill({
            status: 404,
            contentType: "application/json",
            body: '{"error":{"code":"route_unknown","message":"nothing"}}',
        });
    });
    await page.context().addInitScript((key) => sessionStorage.setItem("clew.token", key), keys.responder);
    await page.go("/incidents");
    await complete(page);
    await give(7, NAMES.responder);
    await give(7, NAMES.admin);
    await page.getByRole("row").filter({ hasText: NAMES.admin }).waitFor();
    assert.equal(asked, 1);
    assert.equal(await page.getByRole("button", { name: /Notifications/ }).count(), 0);
    await closeClean(page, { refused: true });
});
