import assert from "node:assert/strict";
import { test } from "node:test";
import { scopeOf, scopesOf } from "./scope";

test("entities of one label are told apart by the rest of their references", () => {
    const entities = [
        { id: "ip:address+addressscope=10.0.0.1|vpc-1", label: "10.0.0.1" },
        { id: "ip:address+addressscope=10.0.0.1|vpc-2", label: "10.0.0.1" },
        { id: "host:ws6", label: "ws6" },
    ];
    assert.deepEqual(
        [...scopesOf(entities)],
        [
            ["ip:address+addressscope=10.0.0.1|vpc-1", "vpc-1"],
            ["ip:address+addressscope=10.0.0.1|vpc-2", "vpc-2"],
        ],
    );
    assert.equal(scopeOf({ id: "host:ws6", label: "ws6" }), "host:ws6");
    assert.equal(scopeOf({ id: "account:ana@a.example", label: "ana" }), "ana@a.example");
});
