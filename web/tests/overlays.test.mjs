// Windows, menus and cards over the screens: each opened and left by keyboard, each without a breach of accessibility, in both themes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, started } from "./support.mjs";

const clew = started();

const focusInside = (page, selector) =>
    page.waitForFunction((within) => document.querySelector(within)?.contains(document.activeElement), selector);

/** Screens with buttons that open lists; the first row is ticked where there is something to be done with ticked rows. */
const screens = [
    "/incidents",
    "/incidents?ticked",
    "/incidents/7",
    "/incidents/7/graph",
    "/incidents/4/timeline",
    "/alerts",
    "/alerts?ticked",
    "/search?q=account",
    "/query?lang=kql&text=Alerts%20%7C%20take%203",
    "/admin",
];

for (const theme of ["dark", "light"]) {
    test(`every list under a button is opened and left by keyboard, and breaks no rule of accessibility (${theme})`, async () => {
        const page = await clew.open({ theme });
        const found = [];
        const seen = new Set();
        for (const path of screens) {
            await page.go(path);
            await complete(page);
            if (path.endsWith("ticked")) await page.locator(".tick-box input").nth(1).check();
            const buttons = page.locator("main [aria-haspopup=true]:visible");
            await buttons.first().waitFor();
            for (const button of await buttons.all()) {
                const name = (await button.getAttribute("aria-label")) ?? (await button.innerText());
                if (seen.has(name)) continue;
                seen.add(name);
                await button.focus();
                await page.keyboard.press("Enter");
                await page.locator(".popover").waitFor();
                found.push(...(await broken(page, ".popover")).map((rule) => `${path} ${name}: ${rule}`));
                if ((await page.locator(".popover :is(a[href], button:enabled, input:enabled, select, textarea)").count()) > 0)
                    await focusInside(page, ".popover");
                await page.keyboard.press("Escape");
                await page.locator(".popover").waitFor({ state: "detached" });
                await eventually(() => button.evaluate((element) => element === document.activeElement), true);
            }
        }
        assert.deepEqual(found, []);
        assert.ok(seen.size > 24, [...seen].join(", "));
        await closeClean(page, { refused: true });
    });

    test(`every window breaks no rule of accessibility, keeps the focus and gives it back (${theme})`, async () => {
        const page = await clew.open({ theme });
        const choose = (button, item) => async () => {
            await page.getByRole("button", { name: button }).first().click();
            await page.locator(".popover").getByRole("button", { name: item }).click();
        };
        const windows = [
            ["/incidents", () => page.keyboard.press("?")],
            ["/incidents", () => page.keyboard.press("n")],
            ["/incidents/7", () => page.keyboard.press("c")],
            ["/incidents/7", choose("Belongs: on its own", /^Merge/)],
            ["/incidents/7", choose("Belongs: on its own", /^Put under/)],
        ];
        for (const [path, open] of windows) {
            await page.go(path);
            await complete(page);
            await open();
            await page.locator("[role=dialog][aria-modal=true]").waitFor();
            await eventually(() => page.locator("[role=dialog] .skeleton").count(), 0);
            assert.deepEqual(await broken(page, "[role=dialog]"), [], path);
            for (let step = 0; step < 12; step += 1) {
                await page.keyboard.press(step % 3 === 2 ? "Shift+Tab" : "Tab");
                await focusInside(page, "[role=dialog]");
            }
            await page.keyboard.press("Escape");
            await page.locator("[role=dialog]").waitFor({ state: "detached" });
        }
        await closeClean(page, { refused: true });
    });
}

test("the exploration queries of a node break no rule of accessibility", async () => {
    const page = await clew.open();
    await page.go("/incidents/4/graph");
    await page.locator(".graph[aria-busy=false]").waitFor();
    await page.getByRole("tab", { name: /^List/ }).click();
    await page.getByLabel("Find in the graph").fill("msticalertswin1");
    await page.locator('[role=treeitem][data-node="host:msticalertswin1"]').click();
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("e");
    const card = page.getByRole("dialog", { name: /Exploration queries/ });
    await eventually(() => card.getByRole("button", { name: /^Logons on the host/ }).innerText(), /\s\+1$/);
    assert.deepEqual(await broken(page, ".graph [role=dialog]"), []);
    await focusInside(page, ".graph [role=dialog]");
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    await closeClean(page);
});

test("what lies below a window hears no key", async () => {
    const page = await clew.open({ theme: "dark" });
    await page.go("/incidents/7");
    await complete(page);
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).focus();
    for (const key of ["t", "3", "s", "?", "z"]) await page.keyboard.press(key);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(new URL(page.url()).pathname, "/incidents/7");
    assert.equal(await page.locator(".popover, [role=dialog]").count(), 0);
    await eventually(() => page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.keyboard.press("3");
    await page.waitForURL(/\/incidents\/7\/alerts/);
    await closeClean(page);
});
