// Whatever is done to the investigation graph can be taken back, step by step to the first, and done again to the last.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeClean, eventually, started } from "./support.mjs";

const clew = started();

/** Steps that are there to be undone, at the least. */
const STEPS = 200;
const WALKS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
/** Keys that change what is shown: open, collapse, pin, hide, isolate, group, remove. */
const DEEDS = ["Enter", "Enter", "-", "p", "p", "p", "h", "i", "g", "Delete"];

/** Numbers below a bound, the same in each run. */
function dice(seed) {
    let state = seed;
    return (bound) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * bound);
    };
}

/** What the address holds of the graph, as soon as it is the present state. */
async function addressed(page) {
    await page.locator(".graph[data-addressed=true]").waitFor();
    const { searchParams, hash } = new URL(page.url());
    return searchParams.get("g") ?? new URLSearchParams(hash.slice(1)).get("g");
}

/** The same, once it no longer changes: the address follows what is done after a while. */
async function settled(page) {
    let seen;
    await eventually(async () => {
        const before = await addressed(page);
        await page.waitForTimeout(500);
        seen = await addressed(page);
        return seen === before;
    }, true);
    return seen;
}

/** Presses a key until a button is disabled; says how often. */
async function until(page, key, button) {
    for (let pressed = 0; ; pressed += 1) {
        if (await button.isDisabled()) return pressed;
        await page.keyboard.press(key);
    }
}

test("200 random actions on the graph are undone to the first and done again to the last", async () => {
    const page = await clew.open();
    await page.go("/incidents/7/graph");
    const drawn = () => page.evaluate(() => window.clewGraph?.stats().drawn);
    await page.waitForFunction(() => window.clewGraph?.atRest() && window.clewGraph.stats().drawn.nodes > 1);
    await page.locator(".graph-stage").focus();
    const [undo, redo] = ["Undo", "Redo"].map((name) => page.getByRole("button", { name, exact: true }));
    const chance = dice(20261121);
    const first = await drawn();
    // The address holds the beginning too, once something was done.
    for (const key of ["ArrowRight", "p", "u"]) await page.keyboard.press(key);
    const begin = await settled(page);
    assert.ok(begin && (await undo.isDisabled()), "one action is one step");
    // Not every key does something to every node.
    for (let turn = 0; turn < 3 * STEPS; turn += 1) {
        await page.keyboard.press(WALKS[chance(WALKS.length)]);
        // "i" ends an isolation, "H" brings back what is hidden.
        const deeds = (await drawn()).nodes < 6 ? ["i", "H"] : DEEDS;
        await page.keyboard.press(deeds[chance(deeds.length)]);
    }
    const [end, last] = [await settled(page), await drawn()];
    const undone = await until(page, "u", undo);
    assert.ok(undone >= STEPS, `${undone} steps`);
    await eventually(() => addressed(page), begin);
    await eventually(drawn, first);
    assert.equal(await until(page, "U", redo), undone);
    await eventually(() => addressed(page), end);
    await eventually(drawn, last);
    await closeClean(page);
});
