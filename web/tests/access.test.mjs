// Signing in, keys, and who may not see a thing: on a server that somebody closed with a first key.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeClean, eventually, openPage, picture, startBrowser, startClew } from "./support.mjs";

let clew;
let browser;
before(async () => {
    browser = await startBrowser();
    clew = await startClew("demo");
});
after(async () => {
    await browser?.close();
    await clew?.stop();
});

test("the first key closes the server; with it one signs in, makes another, revokes it, and signs out", async () => {
    const page = await openPage(browser, clew.url);
    await page.go("/admin/keys");
    const made = page.getByRole("region", { name: "New key" });
    await made.getByLabel("Name").fill("ana");
    await made.getByLabel("Role").selectOption("admin");
    await made.getByRole("button", { name: "Make" }).click();
    const secret = await eventually(() => page.getByRole("region", { name: "The new secret" }).locator("code").innerText(), /^\S{21,}$/);

    // Who made the first key goes on with it; everybody else is asked for one.
    const keys = page.getByRole("region", { name: "Keys", exact: true });
    await keys.getByRole("row", { name: /ana/ }).getByText("active").waitFor();
    await page.getByRole("button", { name: "ana" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.go("/incidents/4");
    const form = page.getByRole("form", { name: "Sign in" });
    await form.waitFor();
    await picture(page, "sign-in");
    await form.getByLabel("Key").fill("not-a-key");
    await page.keyboard.press("Enter");
    await form.getByRole("alert").waitFor();
    await form.getByLabel("Key").fill(secret);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /138 alerts on msticalertswin1/ }).waitFor();
    assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes(secret), "a key is never kept beyond the tab");

    await page.goto(`${clew.url}/admin/keys`);
    await made.getByLabel("Name").fill("siem");
    await made.getByLabel("Role").selectOption("ingest");
    await made.getByRole("button", { name: "Make" }).click();
    await page.getByRole("region", { name: "The new secret" }).getByText("siem").waitFor();
    await keys.getByRole("row", { name: /siem/ }).getByText("active").waitFor();
    await picture(page, "admin-keys");
    await keys.getByRole("row", { name: /siem/ }).getByRole("button", { name: "Revoke" }).click();
    await keys.getByRole("row", { name: /siem/ }).getByText("revoked").waitFor();

    await page.getByRole("button", { name: "ana" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await form.waitFor();
    await page.reload();
    await form.waitFor();
    await closeClean(page, { refused: true });
});
