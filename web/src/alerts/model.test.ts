import assert from "node:assert/strict";
import { test } from "node:test";
import { type AlertQuery, groupQuery, groupRows, idsOf, isSearch, type ListRow, orderOf } from "./model";

const query = (given: Partial<AlertQuery>): AlertQuery => ({ filter: {}, sort: "", ...given });

test("words are a search, and so is what the list cannot filter by", () => {
    assert.equal(isSearch(query({})), false);
    assert.equal(isSearch(query({ text: "  " })), false);
    assert.equal(isSearch(query({ text: "a" })), true);
    assert.equal(isSearch(query({ filter: { severity: ["High"], incident: ["5"] } })), false);
    assert.equal(isSearch(query({ filter: { owner: ["me"] } })), true);
});

test("only an order that is in force is shown", () => {
    assert.equal(orderOf(query({})), "time");
    assert.equal(orderOf(query({ sort: "-title" })), "-title");
    assert.equal(orderOf(query({ text: "a" })), "");
    assert.equal(orderOf(query({ text: "a", sort: "title" })), "");
    assert.equal(orderOf(query({ text: "a", sort: "-severity" })), "-severity");
    assert.equal(orderOf(query({ filter: { tag: ["x"] } })), "time");
});

const row = (id: string, title: string, start: string, severity = "High"): ListRow => ({
    id,
    title,
    severity,
    status: "New",
    product: "P",
    tactics: [],
    incidents: [],
    entities: 0,
    start,
    end: start,
});

test("what words find is grouped by title, product and severity, in any order", () => {
    const rows = [
        row("3", "b", "2020-01-03"),
        row("2", 'a "x"', "2020-01-02"),
        row("1", 'a "x"', "2020-01-01"),
        row("0", "b", "2020-01-01", "Low"),
    ];
    const shape = (sort: string) => groupRows(rows, sort).map((one) => [one.id, one.group?.count, one.group?.first, one.group?.last]);
    const [b, a, low] = [
        ["3", 1, "2020-01-03", "2020-01-03"],
        ["2", 2, "2020-01-01", "2020-01-02"],
        ["0", 1, "2020-01-01", "2020-01-01"],
    ];
    assert.deepEqual(shape("time"), [b, a, low]);
    assert.deepEqual(shape("-time"), [low, a, b]);
    assert.deepEqual(shape("count"), [a, b, low]);
    assert.deepEqual(shape("title"), [a, b, low]);
    assert.equal(groupRows(rows, "count")[0]?.group?.key, 'title:"a \\"x\\"" AND product:"P" AND severity:"High"');
});

test("a group leads to its alerts", () => {
    assert.deepEqual(groupQuery(query({ filter: { severity: ["High"] }, sort: "count" }), "k").filter, {
        severity: ["High"],
        group_key: ["k"],
    });
    assert.equal(groupQuery(query({ text: "a OR b" }), 'title:"c"').text, '(a OR b) AND title:"c"');
    assert.equal(groupQuery(query({ filter: { tag: ["x"] } }), 'title:"c"').text, 'title:"c"');
});

test("ids are parted by commas", () => {
    assert.deepEqual(idsOf("a, b"), ["a", "b"]);
    assert.deepEqual(idsOf(""), []);
    assert.deepEqual(idsOf(null), []);
});
