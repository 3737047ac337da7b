import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntil } from "./calm";

test("the next answer waits for its turn, one that is due does not, and no clock makes it wait for longer", () => {
    assert.equal(waitUntil(1_000, 4_000, 10_000), 7_000);
    assert.ok(waitUntil(1_000, 60_000, 10_000) <= 0);
    assert.equal(waitUntil(90_000, 1_000, 10_000), 10_000);
});
