import assert from "node:assert/strict";
import { test } from "node:test";
import { type AlertQuery, groupQuery, groupsQuestion, isSearch, orderOf, questionOf } from "./model";

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
    assert.equal(orderOf(query({ text: "a", sort: "title" })), "title");
    assert.equal(orderOf(query({ text: "a", sort: "count" })), "");
    assert.equal(orderOf(query({ text: "a", sort: "-severity" })), "-severity");
    assert.equal(orderOf(query({ filter: { tag: ["x"] } })), "time");
});

test("words, filters of the list and an order are one question", () => {
    const groups = groupsQuestion(query({ text: "a", filter: { incident: ["5"], severity: ["High"] }, sort: "-count", group: "rule" }));
    for (const part of ["incident=5", "group=rule", "sort=-count", 'severity:"High"']) {
        assert.ok(groups.text.includes(part), `${part}: ${groups.text}`);
    }
    const { lang, text } = questionOf(query({ text: "a", filter: { incident: ["none"], group_key: ["k"] }, sort: "title" }), "x");
    assert.equal(lang, "request");
    for (const part of ["incident=none", "group_key=k", "group=title", "sort=title"]) assert.ok(text.includes(part), `${part}: ${text}`);
});

test("a group leads to its alerts", () => {
    assert.deepEqual(groupQuery(query({ filter: { severity: ["High"] }, sort: "count" }), "k").filter, {
        severity: ["High"],
        group_key: ["k"],
    });
    const words = groupQuery(query({ text: "a OR b", sort: "count" }), "k");
    assert.deepEqual([words.text, words.filter, words.sort], ["a OR b", { group_key: ["k"] }, ""]);
});
