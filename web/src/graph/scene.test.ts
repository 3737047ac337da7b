import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action } from "./actions";
import { edge, load, node } from "./fixtures";
import { act, BEGIN, begin } from "./history";
import type { GraphEdge, GraphNode } from "./model";
import { type Scene, sceneOf } from "./scene";
import type { GraphState } from "./state";

function state(nodes: readonly GraphNode[], edges: readonly GraphEdge[], ...actions: Action[]): GraphState {
    const history = begin(BEGIN, { type: "load", load: load("root"), batch: { nodes, edges } });
    return actions.reduce((before, action) => act(before, action, "test"), history).state;
}

const ROOTS = new Set(["incident:1"]);
const ids = (scene: Scene) => scene.nodes.map((one) => one.id).sort();

const NODES = [
    node("incident:1"),
    node("alert:a", { label: "Beacon", severity: "High", first: 10, last: 20 }),
    node("alert:b", { label: "Beacon", severity: "High", first: 30 }),
    node("alert:c", { label: "Logon", severity: "Low", first: 40 }),
    node("host:h"),
    node("ip:1"),
    node("ip:2"),
    node("ip:3"),
    node("ip:4"),
];
const EDGES = [
    edge("incident:1", "contains", "alert:a", { first: 10 }),
    edge("incident:1", "contains", "alert:b", { first: 30 }),
    edge("incident:1", "contains", "alert:c", { first: 40 }),
    edge("alert:a", "involves", "host:h", { first: 10 }),
    edge("alert:b", "involves", "host:h", { first: 30 }),
    edge("alert:a", "involves", "ip:1", { first: 10 }),
    edge("alert:a", "involves", "ip:2", { first: 10 }),
    edge("alert:b", "involves", "ip:3", { first: 30 }),
    edge("alert:c", "involves", "ip:4", { first: 40 }),
];

test("repeats of an alert are one, and so are the addresses that only they name", () => {
    const scene = sceneOf(state(NODES, EDGES), ROOTS);
    assert.deepEqual(ids(scene), ["alert:c", "group:alert:a", "group:ip:1", "host:h", "incident:1", "ip:4"]);
    const group = scene.byId.get("group:ip:1");
    assert.deepEqual([group?.label, group?.members], ["3 IPs", ["ip:1", "ip:2", "ip:3"]]);
    assert.equal(scene.byId.get("group:alert:a")?.label, "Beacon");
    const bundle = scene.edges.find((one) => one.source === "group:alert:a" && one.target === "group:ip:1");
    assert.deepEqual([bundle?.edges.length, bundle?.forward, bundle?.backward], [3, true, false]);
});

test("grouping can be switched off, and a member can be taken out", () => {
    assert.equal(sceneOf(state(NODES, EDGES, { type: "set", name: "grouping", value: false }), ROOTS).nodes.length, NODES.length);
    const out = sceneOf(state(NODES, EDGES, { type: "ungroup", ids: ["alert:a"] }), ROOTS);
    assert.ok(out.byId.has("alert:a") && out.byId.has("alert:b"));
});

test("hidden nodes take their edges with them", () => {
    const scene = sceneOf(state(NODES, EDGES, { type: "hide", ids: ["host:h"] }), ROOTS);
    assert.ok(!scene.byId.has("host:h"));
    assert.ok(scene.edges.every((one) => one.source !== "host:h" && one.target !== "host:h"));
    assert.equal(scene.absent.hidden, 1);
});

test("isolation shows nothing else", () => {
    const scene = sceneOf(state(NODES, EDGES, { type: "isolate", ids: ["alert:c", "ip:4"] }), ROOTS);
    assert.deepEqual(ids(scene), ["alert:c", "ip:4"]);
    assert.equal(scene.absent.isolated, NODES.length - 2);
});

test("a collapsed node takes in what only it connects with the root", () => {
    const scene = sceneOf(state(NODES, EDGES, { type: "collapse", ids: ["alert:c"] }), ROOTS);
    assert.equal(scene.byId.get("alert:c")?.folded, 1);
    assert.ok(!scene.byId.has("ip:4"));
    assert.equal(scene.place.get("ip:4"), "alert:c");
    // The host is reached by the other alert as well: it stays.
    const other = sceneOf(state(NODES, EDGES, { type: "collapse", ids: ["alert:a"] }), ROOTS);
    assert.ok(other.byId.has("host:h"));
    const root = sceneOf(state(NODES, EDGES, { type: "collapse", ids: ["incident:1"] }), ROOTS);
    assert.deepEqual(ids(root), ["incident:1"]);
    assert.equal(root.byId.get("incident:1")?.folded, NODES.length - 1);
});

test("as of an instant only what had begun is there, and groups keep their names", () => {
    const scene = sceneOf(state(NODES, EDGES, { type: "set", name: "asOf", value: 15 }), ROOTS);
    assert.deepEqual(ids(scene), ["group:alert:a", "group:ip:1", "host:h", "incident:1"]);
    assert.deepEqual(scene.byId.get("group:ip:1")?.members, ["ip:1", "ip:2"]);
    assert.equal(scene.absent.later, 4);
});

test("a window dims what lies outside of it, by the times of alerts and of edges", () => {
    const scene = sceneOf(state(NODES, EDGES, { type: "set", name: "window", value: [35, 50] }), ROOTS);
    const dim = scene.nodes.filter((one) => one.dim).map((one) => one.id);
    assert.deepEqual(dim.sort(), ["group:alert:a", "group:ip:1", "host:h"]);
});

test("nodes of a marked path stand alone and are marked", () => {
    const batch = { nodes: [], edges: [edge("host:h", "connects_to", "ip:1")] };
    const action: Action = {
        type: "load",
        load: load("path", { at: 1, trail: ["host:h", "ip:1"], links: batch.edges.map((one) => one.id) }),
        batch,
    };
    const scene = sceneOf(state(NODES, EDGES, action), ROOTS);
    assert.ok(scene.byId.get("ip:1")?.trail);
    assert.ok(scene.edges.find((one) => one.relations.includes("connects_to"))?.trail);
});

test("links in both directions between two things are one line with two heads", () => {
    const both = [edge("host:h", "to", "ip:4"), edge("ip:4", "back", "host:h", { inside: false })];
    const scene = sceneOf(state(NODES, [...EDGES, ...both]), ROOTS);
    const line = scene.edges.find((one) => one.relations.includes("to"));
    assert.deepEqual([line?.forward, line?.backward, line?.relations, line?.inside], [true, true, ["to", "back"], true]);
});
