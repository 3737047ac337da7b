import assert from "node:assert/strict";
import { test } from "node:test";
import { type Condition, conditionsText, conditionText, placesParam, usualPlaces } from "./words";

const condition = (given: Partial<Condition>): Condition => ({ field: "title", comparison: "has", value: "", not: false, ...given });

test("a condition is written in the search language", () => {
    const cases: [Partial<Condition>, string][] = [
        [{ value: "" }, ""],
        [{ value: "  logon " }, "title:logon"],
        [{ value: "logon failed" }, "(title:logon AND title:failed)"],
        [{ value: "AND" }, 'title:"AND"'],
        [{ value: 'a"b' }, 'title:"a\\"b"'],
        [{ field: "", value: "a b" }, "(a AND b)"],
        [{ comparison: "phrase", value: "logon failed" }, 'title:"logon failed"'],
        [{ comparison: "begins", value: "mal*" }, "title:mal*"],
        [{ comparison: "like", value: "malwear" }, "title:malwear~"],
        [{ comparison: "any", field: "owner" }, "owner:*"],
        [{ comparison: "any", field: "owner", not: true }, "(* AND NOT owner:*)"],
        [{ field: "last", comparison: "from", value: "-7d" }, 'last:>="-7d"'],
        [{ field: "number", comparison: "to", value: "5" }, 'number:<="5"'],
    ];
    for (const [given, expected] of cases) assert.equal(conditionText(condition(given)), expected);
});

test("conditions are joined, and what is not filled in is left out", () => {
    const given = [condition({ value: "a" }), condition({}), condition({ field: "tag", value: "b", not: true })];
    assert.equal(conditionsText(given, "OR"), "title:a OR (* AND NOT tag:b)");
    assert.equal(conditionsText([], "AND"), "");
});

test("the usual places are no parameter", () => {
    assert.equal(placesParam([...usualPlaces].reverse()), null);
    assert.deepEqual(placesParam(["title"]), ["title"]);
});
