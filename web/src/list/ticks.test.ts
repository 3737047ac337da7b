import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING_TICKED, ticked, tickedCount } from "./ticks";

const some = (...ids: string[]) => ({ all: false, ids: new Set(ids) });
const none = () => [];
const all = { all: true, ids: new Set<string>() };

test("rows are ticked and unticked one by one and in runs", () => {
    const two = ticked(ticked(NOTHING_TICKED, ["a", "b"], true, none), ["c"], true, none);
    assert.deepEqual(two, some("a", "b", "c"));
    assert.deepEqual(ticked(two, ["b"], false, none), some("a", "c"));
    assert.equal(tickedCount(two, 900), 3);
});

test("all that fit stay all when one more is ticked, and become the known rows without one that is unticked", () => {
    assert.equal(
        ticked(all, ["a"], true, () => ["a", "b"]),
        all,
    );
    assert.deepEqual(
        ticked(all, ["a"], false, () => ["a", "b", "c"]),
        some("b", "c"),
    );
    assert.equal(tickedCount(all, 1_000_000), 1_000_000);
    assert.equal(tickedCount(all, undefined), 0);
});
