import assert from "node:assert/strict";
import { test } from "node:test";
import { findBinding, type Group, keyNames, keysHeard } from "./keys";

const group = (title: string, ...bindings: readonly (readonly [keys: string | readonly string[], label: string])[]): Group => ({
    title,
    bindings: bindings.map(([keys, label]) => ({ keys, label, run: () => {} })),
});
const page = group("Everywhere", ["g a", "Go to Alerts"], ["t", "Switch theme"]);
const ticked = group("Ticked", [["a", "t"], "Assign"], ["g", "Group"]);

test("a key means what the nearest group says, a pair means the pair wherever its second key alone has a meaning", () => {
    const groups = [page, ticked];
    assert.equal(findBinding(groups, "a", "", false)?.label, "Assign");
    assert.equal(findBinding(groups, "t", "", false)?.label, "Assign");
    assert.equal(findBinding(groups, "a", "g", false)?.label, "Go to Alerts");
    assert.equal(findBinding(groups, "a", "x", false)?.label, "Assign");
    assert.equal(findBinding(groups, "q", "", false), undefined);
    assert.equal(findBinding(groups, "a", "", true), undefined, "fields keep their keys");
    assert.equal(findBinding([...groups, { ...group("Window"), modal: true }], "a", "", false), undefined);
});

test("the map lists each key once, under what it does now", () => {
    assert.deepEqual(
        keysHeard([page, ticked]).map(({ title, bindings }) => [title, bindings.map(({ keys, label }) => [label, keys])]),
        [
            [
                "Ticked",
                [
                    ["Assign", ["a", "t"]],
                    ["Group", ["g"]],
                ],
            ],
            ["Everywhere", [["Go to Alerts", ["g a"]]]],
        ],
    );
});

test("keys are told one by one, as people know them", () => {
    assert.deepEqual(["g i", "Ctrl+Enter", "ArrowUp", "+", "Shift+ArrowDown", "?"].map(keyNames), [
        ["g", "i"],
        ["Ctrl", "Enter"],
        ["↑"],
        ["+"],
        ["Shift", "↓"],
        ["?"],
    ]);
});
