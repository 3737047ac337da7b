import assert from "node:assert/strict";
import { test } from "node:test";
import { withNames } from "../state/me";
import { isSearch, orderOf, type QueueQuery, questionOf, sortable } from "./model";

const query = (given: Partial<QueueQuery>): QueueQuery => ({ text: "", filter: {}, sort: "", ...given });

test("the classification is asked of the search, which alone knows it", () => {
    assert.equal(isSearch(query({ filter: { classification: ["TruePositive"] } })), true);
    assert.equal(isSearch(query({ filter: { status: ["open"] } })), false);
    const { lang, text } = questionOf(query({ filter: { classification: ["TruePositive"], status: ["Closed"] } }), "x");
    assert.equal(lang, "request");
    assert.match(text.replaceAll("+", " "), /status:"Closed" AND classification:"TruePositive"/);
});

test("words are sorted as the list is, and come best first where no order is asked for", () => {
    assert.equal(orderOf(query({ text: "a" })), "");
    assert.equal(orderOf(query({ text: "a", sort: "-title" })), "-title");
    assert.equal(orderOf(query({ text: "a", sort: "-number" })), "-number");
    assert.equal(orderOf(query({ sort: "title" })), "title");
    assert.equal(orderOf(query({})), "severity");
    assert.equal(sortable(query({ text: "a" }))("title"), true);
    assert.match(questionOf(query({ text: "a", sort: "-title" }), "x").text, /sort=-title/);
    assert.equal(sortable(query({}))("title"), true);
});

test("me stands for the names of whoever looks", () => {
    assert.deepEqual(withNames({ owner: ["me", "unassigned"] }, ["ana", "local"]), { owner: ["ana", "local", "unassigned"] });
    const other = { owner: ["bob"] };
    assert.equal(withNames(other, ["ana"]), other);
});
