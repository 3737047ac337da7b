// The keyboard map is true: on each screen, each key that it lists does what it says, and nothing breaks by it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, picture, sequence, started } from "./support.mjs";

const clew = started();

/** What the map lists now: keys and what they do. */
async function mapOf(page) {
    await page.keyboard.press("?");
    const map = page.getByRole("dialog", { name: "Keyboard map" });
    await map.waitFor();
    const lines = await map
        .locator("[data-label]")
        .evaluateAll((all) =>
            all.flatMap((line) => [...line.querySelectorAll("[data-keys]")].map((keys) => [keys.dataset.keys, line.dataset.label])),
        );
    await page.keyboard.press("Escape");
    await map.waitFor({ state: "detached" });
    return lines;
}

/** Presses what the map calls `Ctrl+K`, `g i` or `?`. */
async function press(page, keys) {
    if (keys.length > 1 && keys.includes(" ")) await sequence(page, ...keys.split(" "));
    else
        await page.keyboard.press(
            keys.replace(/^Ctrl\+([A-Z])$/, (_, letter) => `Control+${letter.toLowerCase()}`).replace("Ctrl+", "Control+"),
        );
}

/** Where the page is, what is open there, and whether a field has the keyboard. */
const standing = (page) =>
    page.evaluate(() => {
        const open = document.querySelectorAll("[role=dialog], [role=toolbar], .popover, aside").length;
        const field = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
        return `${location.pathname} ${open} ${field} ${document.querySelectorAll("[aria-selected=true]").length > 0}`;
    });

/** Leaves behind what a key opened, or where it led; tells whether the page stands again as before. */
async function back(page, before) {
    const path = before.split(" ")[0];
    await page.evaluate(() => document.activeElement?.matches("input, textarea, select") && document.activeElement.blur());
    if ((await standing(page)) === before) return true;
    if (new URL(page.url()).pathname !== path) {
        // As the browser's way back does; some steps leave no trace in its history.
        await page.evaluate((place) => {
            history.pushState(null, "", place);
            dispatchEvent(new PopStateEvent("popstate"));
        }, path);
        await complete(page);
    } else await page.keyboard.press("Escape");
    return (await standing(page)) === before;
}

/** Screens, each with how it is brought to where its keys mean something. */
const screens = [
    ["/incidents", async (page) => page.getByRole("row", { name: /138 alerts/ }).waitFor()],
    [
        "/incidents",
        async (page) => {
            await page.getByRole("row", { name: /2 alerts on vm3/ }).waitFor();
            await page.keyboard.press("End");
            await page.keyboard.press("x");
            await page.getByRole("toolbar", { name: /Actions on/ }).waitFor();
        },
    ],
    ["/alerts", async (page) => page.getByRole("row").nth(2).waitFor()],
    ["/incidents/3", async () => {}],
    ["/incidents/3/timeline", async (page) => page.getByRole("listitem").first().waitFor()],
    ["/incidents/3/alerts", async (page) => page.getByRole("row").nth(2).waitFor()],
    ["/incidents/3/notes", async () => {}],
    [
        "/incidents/1/graph",
        async (page) => {
            await page.waitForFunction(() => window.clewGraph?.atRest() && window.clewGraph.stats().drawn.nodes > 1);
            await page.locator(".graph-stage").focus();
            await page.keyboard.press("ArrowRight");
        },
    ],
    ["/query", async (page) => page.getByRole("textbox").first().waitFor()],
    ["/search?q=vm1", async () => {}],
    ["/admin/suppression", async () => {}],
];

/** Keys whose deed leads elsewhere or asks the server for much: what they are bound to is all that is looked at. */
const doneLast = (label) => (/^(Go to|Tab |Back to|Search every|Open the row|Open the item)/.test(label) ? 1 : 0);

for (const [path, begin] of screens) {
    test(`each key of the map does what it says: ${path} ${begin.toString().includes('"x"') ? "with a ticked row" : ""}`, async () => {
        const page = await clew.open();
        // While a browser prints, it takes no keys.
        await page.addInitScript(() => {
            window.print = () => {};
        });
        const ready = async () => {
            await page.go(path);
            await complete(page);
            await begin(page);
            // Fields have keys of their own.
            await page.evaluate(() => /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "") && document.activeElement.blur());
        };
        await ready();
        const lines = (await mapOf(page)).sort(([, a], [, b]) => doneLast(a) - doneLast(b));
        assert.ok(lines.length > 8, `${path}: ${lines.length} keys`);
        assert.equal(new Set(lines.map(([keys]) => keys)).size, lines.length, "no key is listed twice");
        let before = await standing(page);
        for (const [keys, label] of lines) {
            if ((await standing(page)) !== before && !(await back(page, before))) {
                await ready();
                before = await standing(page);
            }
            await page.evaluate(() => {
                delete document.documentElement.dataset.key;
            });
            await press(page, keys);
            await eventually(() => page.evaluate(() => document.documentElement.dataset.key ?? "nothing"), label);
        }
        await closeClean(page, { refused: true });
    });
}

test("the map shows the keys of a screen", async () => {
    const page = await clew.open();
    await page.go("/incidents/7/graph");
    await complete(page);
    await page.waitForFunction(() => window.clewGraph?.atRest());
    await page.keyboard.press("?");
    const map = page.getByRole("dialog", { name: "Keyboard map" });
    await map.getByRole("heading", { name: "Everywhere" }).waitFor();
    await map.getByText("Walk to the left").waitFor();
    await picture(page, "keys");
    await closeClean(page);
});

test("what can be done is found by its words, and done", async () => {
    const page = await clew.open();
    await page.go("/incidents/3");
    await complete(page);
    await page.keyboard.press("Control+k");
    const palette = page.getByRole("dialog", { name: "What to do" });
    await palette.getByRole("combobox").waitFor();
    assert.deepEqual(await broken(page), []);
    await page.keyboard.type("tab graph");
    await palette.getByRole("option", { name: /Tab Graph/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/incidents\/3\/graph/);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("contoso");
    await palette.getByRole("option", { name: 'Search everything for "contoso"' }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/search\?q=contoso/);
    await closeClean(page);
});
