import assert from "node:assert/strict";
import { test } from "node:test";
import { readRemark } from "./assist";

test("a remark of the checker lies where the text says it, whatever letters stand before", () => {
    const text = "T | where Näme == foo";
    const start = new TextEncoder().encode("T | where Näme == ").length;
    assert.deepEqual(
        readRemark(text, { code: "c", severity: "error", span: { start, end: start + 3 }, message: "unknown", help: "try bar" }),
        {
            from: 18,
            to: 21,
            message: "unknown\ntry bar",
            severity: "error",
        },
    );
    assert.deepEqual(readRemark(text, { message: "all", severity: "warning" }), {
        from: 0,
        to: text.length,
        message: "all",
        severity: "warning",
    });
    for (const none of [null, 5, "x", {}, { message: 1 }]) assert.equal(readRemark(text, none), undefined);
});
