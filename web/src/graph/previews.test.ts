import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExplorationRow, Table } from "../api/types";
import { edge, node } from "./fixtures";
import type { Found } from "./loads";
import { counted, type Explore, FORESEEN_MAX, foreseeable, joining, Previews, preview } from "./previews";
import { EMPTY } from "./state";

const row = (name: string, results: number) => ({ name, title: name, results }) as unknown as ExplorationRow;
const table = (rows: number, complete = true): Table => ({ columns: [], rows: Array.from({ length: rows }, () => []), complete });

test("each query with results is asked for its first ones alone, whatever the count", async () => {
    const asked: string[] = [];
    const told: string[] = [];
    const ask = async (call: Explore): Promise<Found> => {
        asked.push(`${call.query} ${call.limit ?? "first"}`);
        return { batch: { nodes: [], edges: [] }, notes: [], more: call.query === "many" };
    };
    await preview("host:x", [row("none", 0), row("few", 2), row("many", 9_000)], ask, (query, one) =>
        told.push(`${query} ${Boolean(one.all)}`),
    );
    assert.deepEqual(asked.sort(), ["few first", "many first"]);
    assert.deepEqual(told.sort(), ["few false", "many false"]);
});

test("what all results bring is foreseen only where there are more than the first, and not too many", () => {
    const first = (more: boolean): Found => ({ batch: { nodes: [], edges: [] }, notes: [], more });
    assert.ok(foreseeable(row("many", FORESEEN_MAX), { first: first(true) }));
    assert.ok(!foreseeable(row("many", FORESEEN_MAX + 1), { first: first(true) }));
    assert.ok(!foreseeable({ ...row("many", 500), results_complete: false }, { first: first(true) }));
    assert.ok(!foreseeable(row("few", 2), { first: first(false) }));
    assert.ok(!foreseeable(row("many", 500), { first: first(true), all: first(false) }), "once is enough");
    assert.ok(!foreseeable(row("many", 500), undefined));
});

test("what joins is what the graph does not hold yet, each thing once", () => {
    const state = { ...EMPTY, nodes: new Map([["host:x", node("host:x")]]) };
    const nodes = [node("host:x"), node("ip:1"), node("ip:1"), node("ip:2")];
    const edges = [edge("host:x", "talked_to", "ip:1"), edge("host:x", "talked_to", "ip:2")];
    assert.deepEqual(joining({ batch: { nodes, edges }, notes: [] }, state), { nodes: 2, edges: 2 });
});

test("a part of the results says of how many it is", () => {
    const found: Found = { batch: { nodes: [], edges: [] }, notes: ["the first 10 results"], table: table(10, false) };
    assert.deepEqual(counted(found, 1010, false).notes, ["the first 10 of 1,010 results"]);
    assert.equal(counted({ ...found, notes: [] }, 10, false).notes.length, 0);
});

test("newer data forgets what older data brought", () => {
    const kept = new Previews();
    kept.at(1).set("host:x", "q", { first: { batch: { nodes: [], edges: [] }, notes: [] } });
    assert.ok(kept.at(1).get("host:x", "q"));
    assert.equal(kept.at(2).get("host:x", "q"), undefined);
});
