import assert from "node:assert/strict";
import { test } from "node:test";
import type { Table } from "../api/types";
import { datedRows, laneColumns, rowLanes } from "./dated";

const table: Table = {
    columns: [
        { name: "StartTime", type: "datetime" },
        { name: "EndTime", type: "datetime" },
        { name: "Severity", type: "string" },
        { name: "Title", type: "string" },
        { name: "Same", type: "string" },
    ],
    rows: [
        ["2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z", "High", "b", "x"],
        [null, null, "High", "undated", "x"],
        ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "Low", "a", "x"],
        ["2026-01-03T00:00:00Z", null, "High", "c", "x"],
    ],
    complete: true,
};

test("dated rows come in the order of time, with their end where one is given", () => {
    const rows = datedRows(table, 0);
    assert.deepEqual(
        rows.map(({ index, item }) => [index, item.severity, item.end === undefined]),
        [
            [2, "Low", true],
            [0, "High", false],
            [3, "High", true],
        ],
    );
    assert.match(rows[0]?.item.message ?? "", /Low · a · x$/);
});

test("lanes are made by a column of few values, the fullest first", () => {
    assert.deepEqual(laneColumns(table), [2, 3]);
    const lanes = (by: number) => rowLanes(table, datedRows(table, 0), by).map((lane) => [lane.label, lane.items.length]);
    assert.deepEqual(lanes(2), [
        ["High", 2],
        ["Low", 1],
    ]);
    assert.deepEqual(lanes(-1), [["Rows", 3]]);
});
