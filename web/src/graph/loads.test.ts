import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../api/client";
import type { Edge, Node } from "../api/types";
import { asOfThen } from "./loads";
import { edgeId } from "./model";

const node = (id: string): [string, Node] => [
    id,
    { id, kind: id.split(":")[0] ?? "", label: `${id} now`, degree: 1, properties: { status: "Closed" } },
];
const edge = (source: string, relation: string, target: string): [string, Edge] => [
    edgeId(source, relation, target),
    { source, relation, target, count: 1, evidence: [9] },
];

test("of an incident as it was known only its alerts of then and their entities are left, as they were called then", () => {
    const incident = {
        id: "1",
        seq: 4,
        title: "then",
        severity: "Low",
        status: "New",
        alerts_list: [
            { id: "a", title: "alert then", severity: "High", status: "New" },
            { id: "gone", title: "left since", severity: "Low", status: "New" },
        ],
        entities: [{ id: "host:x" }],
    } as unknown as Answer<"incident">;
    const nodes = new Map(["incident:1", "alert:a", "alert:gone", "alert:late", "host:x", "ip:late"].map(node));
    const edges = new Map([
        edge("incident:1", "contains", "alert:a"),
        edge("incident:1", "contains", "alert:late"),
        edge("alert:a", "involves", "host:x"),
        edge("alert:a", "involves", "ip:late"),
        edge("alert:gone", "involves", "host:x"),
        edge("alert:late", "involves", "host:x"),
        edge("host:x", "resolves", "ip:late"),
    ]);
    asOfThen(incident, nodes, edges);
    assert.deepEqual([...edges.values()].map((one) => `${one.source} ${one.relation} ${one.target}`).sort(), [
        "alert:a involves host:x",
        "alert:gone involves host:x",
        "incident:1 contains alert:a",
        "incident:1 contains alert:gone",
    ]);
    assert.equal(nodes.get("alert:a")?.label, "alert then");
    assert.deepEqual([nodes.get("incident:1")?.label, nodes.get("incident:1")?.properties.status], ["then", "New"]);
});
