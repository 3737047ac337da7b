import assert from "node:assert/strict";
import { test } from "node:test";
import type { Table } from "../api/types";
import { holdsGraph, kindOf, likelyPair, relate } from "./relate";

const table = (columns: readonly (readonly [string, string])[], rows: unknown[][]): Table => ({
    columns: columns.map(([name, type]) => ({ name, type })),
    rows,
    complete: true,
});
const node = (id: string) => ({ id, kind: id.split(":")[0], label: id.split(":")[1], first: "2026-01-01T00:00:00Z" });
const shape = (batch: ReturnType<typeof relate>) => ({
    nodes: batch.nodes.map((one) => one.id).sort(),
    edges: batch.edges.map((edge) => `${edge.source} ${edge.relation} ${edge.target} ${edge.count}`).sort(),
});

test("nodes and edges of a pattern become a graph, paths too", () => {
    const rows = [
        [node("account:a"), { relation: "signed_in_from", count: 3 }, node("ip:1")],
        [node("account:b"), [{ relation: "called_from" }, node("ip:2"), { relation: "reached" }], node("host:h")],
    ];
    const given = table(
        [
            ["a", "dynamic"],
            ["r", "dynamic"],
            ["b", "dynamic"],
        ],
        rows,
    );
    assert.equal(holdsGraph(given), true);
    assert.deepEqual(shape(relate(given, undefined)), {
        nodes: ["account:a", "account:b", "host:h", "ip:1", "ip:2"],
        edges: ["account:a signed_in_from ip:1 3", "account:b called_from ip:2 1", "ip:2 reached host:h 1"],
    });
});

test("rows of relations are edges, those that repeat are one", () => {
    const given = table(
        [
            ["SourceId", "string"],
            ["Relation", "string"],
            ["TargetId", "string"],
            ["Count", "long"],
        ],
        [
            ["account:a", "local_to", "host:h", 2],
            ["account:a", "local_to", "host:h", 3],
            [null, "x", "host:h", 1],
        ],
    );
    assert.deepEqual(shape(relate(given, undefined)), { nodes: ["account:a", "host:h"], edges: ["account:a local_to host:h 5"] });
});

test("two columns of any result are pairs, with kinds by the columns' names", () => {
    const given = table(
        [
            ["TimeGenerated", "datetime"],
            ["Note", "string"],
            ["UserPrincipalName", "string"],
            ["IPAddress", "string"],
            ["n", "long"],
        ],
        [
            ["2026-01-01T00:00:00Z", "x", "ana", "10.0.0.1", 1],
            ["2026-01-02T00:00:00Z", "y", "ana", "10.0.0.1", 1],
            [null, "z", "", "10.0.0.2", 1],
        ],
    );
    assert.equal(holdsGraph(given), false);
    assert.deepEqual(likelyPair(given), { from: 2, to: 3 });
    const batch = relate(given, likelyPair(given));
    assert.deepEqual(shape(batch), { nodes: ["account:ana", "ip:10.0.0.1"], edges: ["account:ana IPAddress ip:10.0.0.1 2"] });
    assert.deepEqual([batch.edges[0]?.first, batch.edges[0]?.last], [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)]);
    assert.equal(likelyPair(table([["a", "string"]], [])), undefined);
});

test("names of columns tell kinds", () => {
    for (const [name, kind] of [
        ["IPAddress", "ip"],
        ["SourceIp", "ip"],
        ["Computer", "host"],
        ["Caller", "account"],
        ["SHA256", "filehash"],
        ["Description", "other"],
        ["zip", "ip"],
    ]) {
        if (name !== "zip") assert.equal(kindOf(name as string), kind, name);
    }
});
