import assert from "node:assert/strict";
import { test } from "node:test";
import { load, node } from "./fixtures";
import { act, BEGIN, begin } from "./history";
import { random } from "./layout/layout";
import { isEmpty, LINK_CHARS_MAX, type Link, linkOf, namesBehind, readLink, writeLink } from "./link";
import { pack } from "./packed";
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
    removed: ["file:gone"],
    hidden: ["ip:<script>", "process:host+processid=ws6|4"],
    collapsed: ["host:ws6"],
    ungrouped: ["ip:1"],
    isolated: [],
    pinned: [["host:ws6", { x: 1, y: -3 }]],
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
        told,
        new Map([
            [shortHash("host:ws6"), { x: -32_767, y: 12 }],
            [shortHash("ip:10.0.0.1"), { x: 0, y: -1 }],
        ]),
    );
    for (const text of ["", "%", "____"]) assert.equal(readPlaces(text).size, 0);
});

test("the picture of 5,000 things fits an address, with half of them hidden and hundreds pinned", async () => {
    const next = random(7);
    const far = () => Math.round((next() - 0.5) * 8_000);
    const ids = Array.from(
        { length: 5_000 },
        (_, at) => `process:host+processid+creationtimeutc=host${at % 90}.example.com|${at}|2024-03-04T09:${at % 60}`,
    );
    const places = ids.map((id) => [id, { x: far(), y: far() }] as const);
    const link: Link = {
        ...LINK,
        hidden: ids.filter((_, at) => at % 2 === 0),
        removed: ids.slice(10, 300),
        pinned: places.slice(0, 400),
        places: writePlaces(places),
    };
    const text = await writeLink(link);
    assert.ok(text.length < LINK_CHARS_MAX, `${text.length} characters`);
    const read = await readLink(text);
    assert.ok(read);
    const names = namesBehind(ids);
    assert.deepEqual(names(read.hidden).sort(), [...link.hidden].sort());
    assert.deepEqual(names(read.removed), link.removed);
    assert.deepEqual(
        read.pinned.map(([id, place]) => [names([id])[0], place]),
        link.pinned,
    );
    assert.deepEqual(read.calls, link.calls);
    const told = readPlaces(read.places);
    assert.ok(ids.length - told.size < 5, "hardly two names share a hash");
});

test("an address of the earlier form still tells everything but where things lie", async () => {
    const text = await pack({ v: 1, calls: [], hidden: [0], names: ["ip:1"], places: "AAAA", settings: { layout: "time" } });
    const read = await readLink(text);
    assert.deepEqual([read?.hidden, read?.settings, read?.places], [["ip:1"], { layout: "time" }, ""]);
});
