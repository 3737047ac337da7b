import assert from "node:assert/strict";
import { test } from "node:test";
import { cornerBeside } from "./corner";

const card = { width: 380, height: 180 };
const view = { width: 1280, height: 800 };
const beside = (left: number, top: number, right: number, bottom: number) => cornerBeside({ left, top, right, bottom }, card, view);

test("the card of the tour keeps off what it points at", () => {
    assert.equal(beside(68, 90, 1280, 163), "right bottom");
    assert.equal(beside(68, 645, 1280, 800), "right top");
    assert.equal(beside(880, 100, 1280, 800), "left bottom");
    assert.equal(beside(0, 0, 68, 800), "right bottom");
});

test("where it covers something everywhere, it covers the least", () => {
    assert.equal(beside(68, 40, 1000, 800), "right top");
    assert.equal(beside(0, 0, 1280, 800), "right bottom");
});
