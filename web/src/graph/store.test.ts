import assert from "node:assert/strict";
import { test } from "node:test";
import { edge, node, synthetic } from "./fixtures";
import { readLink, writeLink } from "./link";
import { type Call, callKey, describe, type Found } from "./loads";
import type { GraphState } from "./state";
import { type Ask, Investigation } from "./store";

const ROOT = synthetic(30, 50);

function answers(asked: string[] = []): Ask {
    return async (call: Call): Promise<Found> => {
        asked.push(callKey(call));
        if (call.kind === "root") return { batch: ROOT, notes: [] };
        if (call.kind === "blast") throw new Error("the graph is not there");
        const found = [node("ip:new-1", { inside: false }), node("ip:new-2", { inside: false })];
        const edges = found.map((one) => edge("alert:0", "involves", one.id, { inside: false }));
        return {
            batch: { nodes: found, edges },
            ...(call.kind === "paths" ? { trail: ["alert:0", "ip:new-1"] } : {}),
            notes: ["cut by the limit k"],
        };
    };
}

const until = async (is: () => boolean) => {
    while (!is()) await new Promise((resolve) => setImmediate(resolve));
};

test("what a question finds joins the graph, is told, and can be undone", async () => {
    const of = new Investigation("incident:1", [], answers());
    await of.open();
    const before = of.state.value;
    await of.load({ kind: "neighbors", node: "alert:0" });
    assert.equal(of.state.value.nodes.size, before.nodes.size + 2);
    assert.equal(of.notice.value?.text, "all links of Alert number 0: 2 new nodes, 2 new links; cut by the limit k");
    assert.equal(of.busy.value.length, 0);
    of.undo();
    assert.deepEqual(of.state.value, before);
    of.redo();
    assert.ok(of.state.value.nodes.has("ip:new-2"));
    of.destroy();
});

test("a question that fails says so and changes nothing", async () => {
    const of = new Investigation("incident:1", [], answers());
    await of.open();
    const before = of.state.value;
    assert.equal(await of.load({ kind: "blast", node: "alert:0" }), undefined);
    assert.equal(of.state.value, before);
    assert.deepEqual(of.notice.value, { text: "blast radius of Alert number 0: the graph is not there", bad: true });
    of.destroy();
});

test("an investigation told by its address is the same again, and what was told cannot be undone", async () => {
    const first = new Investigation("incident:1", [], answers());
    await first.open();
    await first.load({ kind: "paths", a: "alert:0", b: "ip:new-1", mode: "shortest" });
    first.act({ type: "hide", ids: ["alert:2"] }, "hide");
    first.act({ type: "pin", places: new Map([["alert:1", { x: 5, y: 6 }]]) }, "pin");
    first.act({ type: "set", name: "asOf", value: 1_900_000_000_000 }, "as of");
    first.select("alert:1");
    const text = await writeLink(first.link());
    const asked: string[] = [];
    const second = new Investigation("incident:1", [], answers(asked));
    await second.open(await readLink(text));
    assert.deepEqual(asked, ["root\nincident:1", "paths\nalert:0\nip:new-1\nshortest"]);
    const same = (state: GraphState) => ({ ...state, loads: [...state.loads.keys()] });
    assert.deepEqual(same(second.state.value), same(first.state.value));
    assert.deepEqual(second.selection.value, { kind: "nodes", ids: ["alert:1"] });
    assert.equal(second.canUndo.value, undefined);
    first.destroy();
    second.destroy();
});

test("alerts that leave the incident elsewhere lie outside from then on", async () => {
    let batch = ROOT;
    const of = new Investigation("incident:1", [], async () => ({ batch, notes: [] }));
    await of.open();
    const alerts = () => [...of.state.value.nodes.values()].filter((one) => one.kind === "alert" && one.inside).map((one) => one.id);
    const all = alerts();
    const before = of.state.value;
    await of.follow(async () => all);
    assert.equal(of.state.value, before);
    batch = {
        nodes: ROOT.nodes.filter((one) => one.id !== "alert:0"),
        edges: ROOT.edges.filter((one) => !one.id.includes("alert:0\n") && one.target !== "alert:0"),
    };
    await of.follow(async () => all.slice(1));
    assert.deepEqual(alerts(), all.slice(1));
    assert.ok(of.state.value.nodes.has("alert:0"));
    assert.ok([...of.state.value.edges.values()].filter((one) => one.source === "alert:0").every((one) => !one.inside));
    of.destroy();
});

test("places of what is there do not change when more joins or an instant is chosen", async () => {
    const of = new Investigation("incident:1", [], answers());
    await of.open();
    await until(() => of.picture.value !== undefined && of.picture.value.nodes.length > 1);
    const before = new Map(of.picture.value?.nodes.map((one) => [one.node.id, [one.x, one.y]]));
    const drawn = of.picture.value;
    await of.load({ kind: "neighbors", node: "alert:0" });
    await until(() => of.picture.value !== drawn && of.picture.value?.byId.has("ip:new-1") === true);
    for (const one of of.picture.value?.nodes ?? []) {
        const place = before.get(one.node.id);
        if (place) assert.deepEqual([one.x, one.y], place);
    }
    of.act({ type: "set", name: "asOf", value: 0 }, "as of");
    assert.deepEqual(
        of.scene.value.nodes.map((one) => one.id),
        ["incident:1"],
    );
    assert.deepEqual(
        of.picture.value?.nodes.map((one) => [one.x, one.y]),
        [before.get("incident:1")],
    );
    of.destroy();
});

test("whoever opens the address sees the same picture: after questions, groups and pins everything lies where it lay", async () => {
    const lie = (of: Investigation) => new Map(of.picture.value?.nodes.map((one) => [one.node.id, [one.x, one.y]]));
    const shows = (of: Investigation, count: number) =>
        until(() => of.picture.value?.nodes.length === count && of.picture.value.scene === of.scene.value);
    const first = new Investigation("incident:1", [], answers());
    await first.open();
    await until(() => first.settled.value);
    assert.equal(first.link().places, "");
    await first.load({ kind: "neighbors", node: "alert:0" });
    first.act({ type: "hide", ids: ["alert:3"] }, "hide");
    first.act({ type: "pin", places: new Map([["alert:1", { x: 500, y: 60 }]]) }, "pin");
    await shows(first, first.scene.value.nodes.length);
    await until(() => lie(first).get("alert:1")?.[0] === 500);
    const link = await readLink(await writeLink(first.link()));
    const second = new Investigation("incident:1", [], answers());
    await second.open(link);
    await shows(second, lie(first).size);
    assert.deepEqual(lie(second), lie(first));
    first.destroy();
    second.destroy();
});

test("questions are told in words", () => {
    const name = (id: string) => id.toUpperCase();
    assert.equal(describe({ kind: "explore", node: "host:a", query: "host/rare-processes" }, name), "rare processes of HOST:A");
    assert.equal(describe({ kind: "paths", a: "a", b: "b", mode: "time" }, name), "path in time from A to B");
});
