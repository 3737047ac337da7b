import assert from "node:assert/strict";
import { test } from "node:test";
import { type Action, changeOf } from "./actions";
import { edge, load, node, synthetic } from "./fixtures";
import { act, BEGIN, begin, type History, redo, undo, undoLabel } from "./history";
import { type Kept, readKept, STEPS_MAX, writeKept } from "./kept";
import { random } from "./layout/layout";
import { apply, inverse, setting } from "./state";

function started(): History {
    return begin(BEGIN, { type: "load", load: load("root"), batch: synthetic(60, 120) });
}

/** Any action, also on nodes that are not there. */
function anyAction(next: () => number, ids: readonly string[], turn: number): Action {
    const some = () => Array.from({ length: 1 + Math.floor(next() * 4) }, () => ids[Math.floor(next() * ids.length)] ?? "ghost:1");
    const flags = ["hide", "show", "collapse", "expand", "ungroup", "regroup", "isolate", "unpin", "remove", "include"] as const;
    const choice = Math.floor(next() * (flags.length + 6));
    const flag = flags[choice];
    if (flag) return { type: flag, ids: some() };
    switch (choice - flags.length) {
        case 0:
            return { type: "pin", places: new Map(some().map((id) => [id, { x: next(), y: next() }])) };
        case 1:
            return { type: "set", name: "asOf", value: next() > 0.3 ? Math.floor(next() * 1e6) : undefined };
        case 2:
            return { type: "set", name: "layout", value: next() > 0.5 ? "time" : "force" };
        case 3:
            return { type: "load", load: load(`more ${turn}`, { at: turn }), batch: synthetic(20 + Math.floor(next() * 60), 90, turn) };
        case 4:
            return { type: "showAll" };
        default:
            return { type: "unisolate" };
    }
}

test("200 random actions undone give the state at the start, done again the state at the end", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
        const next = random(seed);
        const start = started();
        let history = start;
        const states = [history.state];
        for (let turn = 0; turn < 200; turn += 1) {
            const ids = [...history.state.nodes.keys(), "ghost:1"];
            const after = act(history, anyAction(next, ids, turn), `turn ${turn}`);
            if (after !== history) states.push(after.state);
            history = after;
        }
        const end = history.state;
        assert.ok(states.length > 100, "most actions change something");
        for (let index = states.length - 2; index >= 0; index -= 1) {
            history = undo(history);
            assert.deepEqual(history.state, states[index]);
        }
        assert.equal(undo(history), history);
        assert.deepEqual(history.state, start.state);
        for (let index = 1; index < states.length; index += 1) history = redo(history);
        assert.deepEqual(history.state, end);
        assert.equal(redo(history), history);
    }
});

const kept = (history: History): Kept => ({
    address: "x",
    history,
    roots: ["incident:1"],
    brought: [["root", ["a"]]],
    places: "",
    selected: [],
});

/** The history after a reload. */
async function reloaded(history: History): Promise<History> {
    const read = await readKept(await writeKept(kept(history)));
    assert.ok(read);
    return read.history;
}

test("200 random actions with a reload half way, among undone ones, are undone and done again to the last", async () => {
    for (const seed of [11, 12]) {
        const next = random(seed);
        const start = started();
        let history = start;
        const states = [history.state];
        for (let turn = 0; turn < 200; turn += 1) {
            if (turn === 100) {
                history = await reloaded(undo(undo(history)));
                assert.deepEqual(history.state, states.at(-3));
                history = redo(redo(history));
            }
            const ids = [...history.state.nodes.keys(), "ghost:1"];
            const after = act(history, anyAction(next, ids, turn), `turn ${turn}`);
            if (after !== history) states.push(after.state);
            history = after;
        }
        const end = history.state;
        history = await reloaded(history);
        for (let index = states.length - 2; index >= 0; index -= 1) history = undo(history);
        assert.deepEqual(history.state, start.state);
        history = await reloaded(history);
        for (let index = 1; index < states.length; index += 1) history = redo(history);
        assert.deepEqual(history.state, end);
    }
});

test("of a history without end the last steps are kept, and a text of another form is none", async () => {
    let history = started();
    for (let turn = 0; turn < STEPS_MAX + 50; turn += 1) {
        history = act(history, { type: turn % 2 === 0 ? "hide" : "show", ids: ["alert:0"] }, `turn ${turn}`);
    }
    const read = await reloaded(history);
    assert.deepEqual([read.past.length, read.state], [STEPS_MAX, history.state]);
    assert.equal(undoLabel(read), undoLabel(history));
    for (const text of ["", "%", "AAAA"]) assert.equal(await readKept(text), undefined);
});

test("what changes nothing leaves no entry", () => {
    const history = started();
    assert.equal(act(history, { type: "show", ids: ["incident:1"] }, "nothing"), history);
    assert.equal(act(history, { type: "hide", ids: ["ghost:1"] }, "nothing"), history);
    assert.equal(act(history, { type: "load", load: load("root"), batch: synthetic(60, 120) }, "again"), history);
});

test("an action after an undo forgets what was taken back", () => {
    let history = act(started(), { type: "hide", ids: ["alert:0"] }, "hide");
    history = undo(history);
    history = act(history, { type: "hide", ids: ["alert:1"] }, "other");
    assert.equal(history.future.length, 0);
    assert.equal(undoLabel(history), "other");
});

test("a slider leaves one entry, and none when it comes back", () => {
    const start = started();
    let history = start;
    for (const value of [5, 9, 7]) history = act(history, { type: "set", name: "asOf", value }, `as of ${value}`, "asOf");
    assert.equal(history.past.length, 1);
    assert.equal(setting(history.state, "asOf"), 7);
    assert.deepEqual(undo(history).state, start.state);
    history = act(history, { type: "set", name: "asOf", value: undefined }, "all", "asOf");
    assert.equal(history.past.length, 0);
});

test("parts that an action does not touch stay the same objects", () => {
    const { state } = started();
    const change = changeOf(state, { type: "hide", ids: ["alert:0"] });
    const after = apply(state, change);
    assert.equal(after.nodes, state.nodes);
    assert.notEqual(after.hidden, state.hidden);
    assert.deepEqual(apply(after, inverse(change)), state);
});

test("a hidden node that is found again is shown, an edge without its end is not drawn", () => {
    let history = act(started(), { type: "hide", ids: ["alert:0"] }, "hide");
    const batch = {
        nodes: [node("alert:0"), node("ip:x", { inside: false })],
        edges: [edge("alert:0", "involves", "ip:x"), edge("ip:x", "to", "ip:gone")],
    };
    history = act(history, { type: "load", load: load("more", { at: 1, trail: ["alert:0", "ip:x"] }), batch }, "more");
    assert.equal(history.state.hidden.size, 0);
    assert.ok(history.state.nodes.has("ip:x"));
    assert.ok(![...history.state.edges.values()].some((one) => one.target === "ip:gone"));
    assert.equal(setting(history.state, "trail"), "more");
});

test("what is inside stays inside when an answer knows nothing of the incident", () => {
    const history = begin(BEGIN, { type: "load", load: load("a"), batch: { nodes: [node("ip:1", { degree: 7 })], edges: [] } });
    const again = begin(history, {
        type: "load",
        load: load("b", { at: 1 }),
        batch: { nodes: [node("ip:1", { inside: false, degree: 3 })], edges: [] },
    });
    assert.deepEqual(again.state.nodes.get("ip:1"), node("ip:1", { degree: 7 }));
});
