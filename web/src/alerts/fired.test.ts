import assert from "node:assert/strict";
import { test } from "node:test";
import { counting, firedQuery, overItsTime, tableOf } from "./fired";

const blade = JSON.stringify({
    detailBladeInputs: { parameters: { q: "inner", timeInterval: { intervalDuration: 86400 } } },
    detailBlade: "SearchBlade",
    displayValue: "SecurityEvent\n| where EventID == 4625",
});

test("the query that fired is read wherever a source writes it", () => {
    const text = "SecurityEvent\n| where EventID == 4625";
    const cases: [unknown, string | undefined, ReturnType<typeof firedQuery>][] = [
        [{}, undefined, undefined],
        [undefined, undefined, undefined],
        [{ Query: "" }, undefined, undefined],
        [{ Query: " Syslog " }, undefined, { text: "Syslog" }],
        [{ ExtendedProperties: { OriginalQuery: "Syslog" } }, "2020-01-02T00:00:00Z", { text: "Syslog", to: "2020-01-02T00:00:00.000Z" }],
        [
            {
                ExtendedProperties: JSON.stringify({
                    "Search Query": blade,
                    "Search Query Results Overall Count": "25010",
                    "Query Interval in Minutes": "1440",
                }),
            },
            "2019-01-15T06:31:42Z",
            { text, count: 25010, from: "2019-01-14T06:31:42.000Z", to: "2019-01-15T06:31:42.000Z" },
        ],
        [
            {
                ExtendedProperties: {
                    query: "Syslog",
                    "Query Start Time UTC": "2020-01-01 00:00:00",
                    "Query End Time UTC": "2020-01-01T05:00:00Z",
                },
            },
            "2022-01-01T00:00:00Z",
            { text: "Syslog", from: "2020-01-01T00:00:00.000Z", to: "2020-01-01T05:00:00.000Z" },
        ],
        [{ "Search Query": JSON.stringify({ detailBladeInputs: { parameters: { q: "Heartbeat" } } }) }, undefined, { text: "Heartbeat" }],
        [{ "Search Query": "{broken" }, undefined, { text: "{broken" }],
        [{ Query: { nothing: 1 } }, undefined, undefined],
    ];
    for (const [extended, ended, expected] of cases) assert.deepEqual(firedQuery(extended, ended), expected);
});

test("the query is narrowed to its time where its table stands", () => {
    const time = { from: "2020-01-01T00:00:00.000Z", to: "2020-01-02T00:00:00.000Z" };
    const narrowed = "| where TimeGenerated between (datetime(2020-01-01T00:00:00.000Z) .. datetime(2020-01-02T00:00:00.000Z))";
    assert.equal(overItsTime({ text: "Syslog\n| take 1", ...time }), `Syslog\n${narrowed}\n| take 1`);
    assert.equal(overItsTime({ text: "Syslog", ...time }), `Syslog\n${narrowed}`);
    assert.equal(overItsTime({ text: "let x = 1;\nSyslog | where a > x", ...time }), `let x = 1;\nSyslog\n${narrowed} | where a > x`);
    assert.equal(overItsTime({ text: "Syslog | take 1" }), "Syslog | take 1");
    assert.equal(overItsTime({ text: "union A, B | take 1", ...time }), "union A, B | take 1");
    assert.equal(tableOf("search 'x'"), undefined);
    assert.equal(counting("Syslog;"), "Syslog\n| count");
});
