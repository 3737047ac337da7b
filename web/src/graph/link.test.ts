import assert from "node:assert/strict";
import { test } from "node:test";
import { load, node } from "./fixtures";
import { act, BEGIN, begin } from "./history";
import { isEmpty, type Link, linkOf, readLink, writeLink } from "./link";
import { readPlaces, shortHash, writePlaces } from "./places";

const LINK: Link = {
    calls: [
        { kind: "explore", node: "host:ws6", query: "host/logons", limit: 50 },
        { kind: "paths", a: "host:ws6", b: "ip:10.0.0.1", mode: "time" },
        { kind: "common", a: "host:ws6", b: "account:CONTOSO\\adm" },
        { kind: "blast", node: "host:ws6" },
        { kind: "neighbors", node: "host:ws6" },
        { kind: "links" },
    ],
    hidden: ["ip:<script>", "process:host+processid=ws6|4"],
    collapsed: ["host:ws6"],
    ungrouped: ["ip:1"],
    isolated: [],
    pinned: [["host:ws6", { x: 1.5, y: -3 }]],
    settings: { layout: "time", grouping: false, asOf: 1_700_000_000_000, window: [1, 2], trail: "blast\nhost:ws6" },
    selected: ["host:ws6"],
    places: writePlaces([["host:ws6", { x: -300, y: 20 }]]),
};

test("what is written into an address is read from it", async () => {
    const text = await writeLink(LINK);
    assert.match(text, /^[\w-]+$/);
    assert.deepEqual(await readLink(text), LINK);
});

test("an untouched investigation leaves the address alone", async () => {
    const history = begin(BEGIN, { type: "load", load: load("root\nincident:1"), batch: { nodes: [node("incident:1")], edges: [] } });
    const link = linkOf(history.state, []);
    assert.ok(isEmpty(link));
    assert.equal(await writeLink(link), "");
    const hidden = act(history, { type: "hide", ids: ["incident:1"] }, "hide");
    assert.deepEqual(linkOf(hidden.state, []).hidden, ["incident:1"]);
});

test("what others wrote into an address is refused, part by part", async () => {
    for (const text of ["", "x", "%%%", "AAAA", "a".repeat(5_000)]) assert.equal(await readLink(text), undefined);
    const hostile = {
        ...LINK,
        calls: [
            { kind: "delete", node: "host:ws6" },
            { kind: "explore", node: "host:ws6" },
            { kind: "blast", node: "host:ws6" },
        ],
        settings: { layout: "javascript:", grouping: "yes", asOf: "now", window: [1], trail: "no such" },
        pinned: [["host:ws6", { x: Number.NaN, y: 0 }]],
    } as unknown as Link;
    const read = await readLink(await writeLink(hostile));
    assert.deepEqual(read?.calls, [{ kind: "blast", node: "host:ws6" }]);
    assert.deepEqual([read?.settings, read?.pinned], [{}, []]);
});

test("places are told by short hashes, and a text that tells none gives none", () => {
    const told = readPlaces(
        writePlaces([
            ["host:ws6", { x: -32_767, y: 12 }],
            ["ip:10.0.0.1", { x: 0, y: -1 }],
            ["too far", { x: 1e6, y: 0 }],
        ]),
    );
    assert.deepEqual(
        [...told],
        [
            [shortHash("host:ws6"), { x: -32_767, y: 12 }],
            [shortHash("ip:10.0.0.1"), { x: 0, y: -1 }],
        ],
    );
    for (const text of ["", "%", "AAAA"]) assert.equal(readPlaces(text).size, 0);
});
