// An incident whose id is another one's number goes by `id:ID`, so that nothing is asked of or done to that other one.
import assert from "node:assert/strict";
import { test } from "node:test";

import { named } from "./client";

test("ids that are numbers of others are names as ids", () => {
    const rows = [
        { id: "3", number: 27, children: [{ number: 4, id: "x" }] },
        { id: "27", number: 27 },
        { id: "5" },
        { id: "guid", number: 3 },
    ];
    assert.deepEqual(named(JSON.stringify(rows)), [{ ...rows[0], id: "id:3" }, rows[1], rows[2], rows[3]]);
});
