import assert from "node:assert/strict";
import { test } from "node:test";
import { synthetic } from "../fixtures";
import { force } from "./force";
import { byTactic, byTime, slices } from "./layered";
import { finish, type LayoutEdge, type LayoutNode, type Placed } from "./layout";
import { runInSlices } from "./run";

function input(count: number, links: number): { nodes: LayoutNode[]; edges: readonly LayoutEdge[] } {
    const { nodes, edges } = synthetic(count, links);
    return {
        nodes: nodes.map(({ id, kind, first, tactics }) => ({
            id,
            kind,
            radius: 15,
            root: kind === "incident",
            tactics: tactics ?? [],
            ...(first === undefined ? {} : { first }),
        })),
        edges,
    };
}

test("the same scene gives the same picture", () => {
    const { nodes, edges } = input(120, 260);
    assert.deepEqual(finish(force(nodes, edges)), finish(force(nodes, edges)));
});

test("what has a place keeps it when more joins, and the new lies beside what it is linked with", () => {
    const { nodes, edges } = input(80, 160);
    const before = finish(force(nodes, edges));
    const old = nodes.map((node) => ({ ...node, old: before.places.get(node.id) as { x: number; y: number } }));
    const fresh: LayoutNode = { id: "ip:new", kind: "ip", radius: 15, root: false, tactics: [] };
    const after = finish(force([...old, fresh], [...edges, { source: "alert:3", target: "ip:new" }]));
    for (const node of nodes) assert.deepEqual(after.places.get(node.id), before.places.get(node.id));
    const [anchor, place] = [before.places.get("alert:3"), after.places.get("ip:new")] as { x: number; y: number }[];
    assert.ok(anchor && place && Math.hypot(anchor.x - place.x, anchor.y - place.y) < 400);
});

test("nothing lies over anything else, and every place is a number", () => {
    const { nodes, edges } = input(60, 110);
    const { places } = finish(force(nodes, edges));
    const points = [...places.values()];
    assert.equal(points.length, nodes.length);
    for (const [index, a] of points.entries()) {
        assert.ok(Number.isFinite(a.x) && Number.isFinite(a.y));
        for (const b of points.slice(index + 1)) assert.ok(Math.hypot(a.x - b.x, a.y - b.y) > 20);
    }
});

test("a pin is where it was put, in every layout", () => {
    const { nodes, edges } = input(30, 60);
    const pin = { x: 1234, y: -567 };
    const pinned = nodes.map((node) => (node.id === "alert:1" ? { ...node, pin } : node));
    for (const placed of [finish(force(pinned, edges)), finish(byTactic(pinned, edges)), finish(byTime(pinned, edges, String))]) {
        assert.deepEqual(placed.places.get("alert:1"), pin);
    }
});

test("columns by tactic stand in the order of an attack", () => {
    const node = (id: string, kind: string, tactics: string[], root = false): LayoutNode => ({ id, kind, radius: 15, root, tactics });
    const nodes = [
        node("incident:1", "incident", [], true),
        node("alert:x", "alert", ["Exfiltration"]),
        node("alert:r", "alert", ["Reconnaissance"]),
        node("alert:n", "alert", []),
        node("ip:1", "ip", []),
    ];
    const placed: Placed = finish(
        byTactic(nodes, [
            { source: "alert:r", target: "ip:1" },
            { source: "alert:x", target: "ip:1" },
        ]),
    );
    const x = (id: string) => placed.places.get(id)?.x ?? Number.NaN;
    assert.ok(x("incident:1") < x("alert:r") && x("alert:r") < x("alert:x") && x("alert:x") < x("alert:n"));
    assert.ok(x("alert:r") < x("ip:1") && x("ip:1") < x("alert:x"));
    assert.deepEqual(
        placed.bands.map((band) => band.label),
        ["", "Reconnaissance", "Exfiltration", "No tactic"],
    );
});

test("columns by time are cut at the widest gaps", () => {
    assert.deepEqual(slices([]), []);
    assert.deepEqual(slices([5]), [5]);
    assert.deepEqual(slices([1, 2, 3, 1_000_000, 1_000_001]), [1, 1_000_000]);
});

test("a layout in slices ends as at once does, and a cancelled one ends with nothing", async () => {
    const { nodes, edges } = input(40, 80);
    let clock = 0;
    const waiting: (() => void)[] = [];
    const running = runInSlices(
        force(nodes, edges),
        () => (clock += 3),
        (run) => waiting.push(run),
    );
    let turns = 0;
    for (let run = waiting.shift(); run; run = waiting.shift()) {
        run();
        turns += 1;
    }
    assert.deepEqual(await running.done, finish(force(nodes, edges)));
    assert.ok(turns > 20);
    const stopped = runInSlices(
        force(nodes, edges),
        () => (clock += 3),
        (run) => waiting.push(run),
    );
    stopped.cancel();
    waiting.shift()?.();
    assert.equal(await stopped.done, undefined);
});
