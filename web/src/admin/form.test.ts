import assert from "node:assert/strict";
import { test } from "node:test";
import { readOutcome } from "./backtest";
import { readConditions, writeConditions } from "./conditions";
import { toSend } from "./definitions";
import { at, withAt } from "./form";
import { readKey } from "./keys";

test("conditions are read in each way in which they are written, and written back the same", () => {
    const written = [
        { field: "title", contains: "x" },
        { field: "severity", in: ["Low", "Medium"] },
        { field: "entities.host", equals: "vm1" },
    ];
    assert.deepEqual(writeConditions(readConditions(written)), written);
    assert.deepEqual(readConditions("none"), []);
    assert.deepEqual(writeConditions([{ field: "a", how: "in", value: " x, ,y " }]), [{ field: "a", in: ["x", "y"] }]);
});

test("parts of parts are read and written by names with dots", () => {
    const value = { trigger: { on: "incident", when: "created" }, name: "x" };
    assert.equal(at(value, "trigger.on"), "incident");
    assert.equal(at(value, "trigger.on.deeper"), undefined);
    assert.deepEqual(withAt(value, "trigger.on", "alert"), { trigger: { on: "alert", when: "created" }, name: "x" });
    assert.deepEqual(withAt({}, "a.b", 1), { a: { b: 1 } });
});

test("what the server writes is not sent back, nor what is empty", () => {
    assert.deepEqual(
        toSend({ id: "a", etag: "1", created: "t", count: 3, name: "n", comment: "", expires: null, enabled: false, conditions: [] }),
        {
            name: "n",
            enabled: false,
            conditions: [],
        },
    );
});

test("answers of other shapes are read as nothing", () => {
    assert.deepEqual(readOutcome(null), { total: 0, open: 0, inIncidents: 0, examined: 0, titles: [], alerts: [] });
    assert.equal(readKey({ id: "1", workspaces: "x" }).workspaces.length, 0);
});
