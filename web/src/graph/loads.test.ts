import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { load } from "./fixtures";
import { exploreText, run } from "./loads";
import { EMPTY, type GraphState } from "./state";

const fetched = globalThis.fetch;
afterEach(() => {
    globalThis.fetch = fetched;
});

const node = (id: string) => ({ id, kind: id.split(":")[0], label: id, degree: 1, properties: {} });
const edge = (source: string, relation: string, target: string) => ({ source, relation, target, count: 1, evidence: [9] });

/** Answers of the API by path and the node that is asked about. */
function answering(answers: Record<string, object>): string[] {
    const asked: string[] = [];
    globalThis.fetch = (async (input: RequestInfo | URL) => {
        const url = new URL(String(input instanceof Request ? input.url : input), "http://localhost");
        asked.push(decodeURIComponent(url.pathname + url.search));
        const body = answers[`${url.pathname} ${url.searchParams.get("node") ?? ""}`.trim()];
        return new Response(JSON.stringify(body ?? {}), { status: body ? 200 : 404, headers: { "content-type": "application/json" } });
    }) as typeof fetch;
    return asked;
}

const INCIDENT = {
    id: "1",
    tactics: [],
    alerts_list: [
        { id: "a", tactics: ["Impact"] },
        { id: "b", tactics: [] },
    ],
    entities: [],
};

test("an incident of an instant is the graph of that instant, and alerts that the walk cut are asked for by name, of then as well", async () => {
    const asked = answering({
        "/v1/incidents/1": INCIDENT,
        "/v1/neighbors incident:1": {
            nodes: ["incident:1", "alert:a", "alert:b", "host:x"].map(node),
            edges: [
                edge("incident:1", "contains", "alert:a"),
                edge("incident:1", "contains", "alert:b"),
                edge("alert:a", "involves", "host:x"),
            ],
            complete: false,
            cut: "per_node",
            partial: ["alert:a"],
        },
        "/v1/neighbors alert:a": {
            nodes: ["alert:a", "host:x", "ip:y"].map(node),
            edges: [edge("alert:a", "involves", "host:x"), edge("alert:a", "involves", "ip:y")],
            complete: true,
        },
        "/v1/neighbors alert:b": { nodes: [node("alert:b")], edges: [], complete: true },
    });
    const asOf = "2026-01-01T00:00:00Z";
    const found = await run({ kind: "root", node: "incident:1", asOf }, EMPTY);
    assert.equal(asked.length, 4);
    for (const request of asked) assert.match(request, /as_of=2026-01-01T00:00:00Z/);
    assert.deepEqual(
        found.batch.nodes.map((one) => [one.id, one.inside]),
        [
            ["incident:1", true],
            ["alert:a", true],
            ["alert:b", true],
            ["host:x", true],
            ["ip:y", true],
        ],
    );
    assert.deepEqual(found.batch.nodes[1]?.tactics, ["Impact"]);
    assert.equal(found.batch.edges.length, 4);
});

test("more links of a node in the graph of an instant are those of that instant", async () => {
    const asked = answering({ "/v1/neighbors host:x": { nodes: [node("host:x")], edges: [], complete: true } });
    const root = { ...load("root\nincident:1"), call: { kind: "root", node: "incident:1", asOf: "2026-01-01" } as const };
    const state: GraphState = { ...EMPTY, loads: new Map([[root.key, root]]) };
    await run({ kind: "neighbors", node: "host:x" }, state);
    await run({ kind: "neighbors", node: "host:x" }, EMPTY);
    assert.deepEqual(
        asked.map((request) => /as_of=([\d-]+)/.exec(request)?.[1]),
        ["2026-01-01", undefined],
    );
});

test("an exploration is a query that anybody can run, whatever the name holds", () => {
    assert.equal(exploreText("host/logons", 'account:CONTOSO\\a"b'), 'explore("host/logons", "account:CONTOSO\\\\a\\"b")');
});

test("alerts that a question finds are tied to what was asked about, though its answer names only their incident", async () => {
    const asked = answering({
        "/v1/explore": {
            graph: {
                nodes: ["ip:1", "incident:9", "alert:z"].map(node),
                edges: [edge("incident:9", "contains", "alert:z")],
                complete: true,
            },
            table: { columns: [], rows: [[]], complete: true },
        },
        "/v1/query": {
            columns: [],
            rows: [
                ["alert:z", "involves", "ip:1", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 1],
                ["alert:z", "involves", "alert:z", null, null, 1],
            ],
            complete: true,
        },
    });
    const found = await run({ kind: "explore", node: "ip:1", query: "any/related-incidents" }, EMPTY);
    assert.equal(asked.length, 2);
    assert.deepEqual(
        found.batch.edges.map(({ source, relation, target }) => [source, relation, target]),
        [
            ["incident:9", "contains", "alert:z"],
            ["alert:z", "involves", "ip:1"],
        ],
    );
});
