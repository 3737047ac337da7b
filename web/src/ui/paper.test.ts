import assert from "node:assert/strict";
import { test } from "node:test";
import { extentOf } from "./paper";

test("a print-out says how much of a list it is", () => {
    assert.equal(extentOf(1, 1, true), "1 row");
    assert.equal(extentOf(224, 224, true), "224 rows");
    assert.equal(extentOf(5_000, 43_113, false), "The first 5,000 of 43,113 rows; the CSV of this list has all of them");
    assert.equal(extentOf(5_000, undefined, false), "The first 5,000 rows; the CSV of this list has all of them");
    assert.equal(extentOf(5_000, 5_000, false), "The first 5,000 rows; the CSV of this list has all of them");
});
