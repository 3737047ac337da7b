import assert from "node:assert/strict";
import { test } from "node:test";
import { chartOf, readChart, ticks } from "./chart";
import { compareCells, readJson } from "./result";

const column = (name: string, type: string) => ({ name, type });

test("a time column is the axis and a text column splits the series", () => {
    const chart = readChart(
        [column("host", "string"), column("at", "datetime"), column("n", "long")],
        [
            ["b", "2026-01-02T00:00:00Z", 2],
            ["a", "2026-01-01T00:00:00Z", 1],
            ["b", "2026-01-01T00:00:00Z", 4],
            ["b", null, 4],
        ],
    );
    assert.equal(chart?.axis, "time");
    assert.equal(chart?.passed, 1);
    assert.deepEqual(
        chart?.series.map((series) => [series.name, series.points.map((point) => point.y)]),
        [
            ["b", [4, 2]],
            ["a", [1]],
        ],
    );
});

test("the first text is the axis, each number a series", () => {
    const chart = readChart(
        [column("kind", "string"), column("n", "long"), column("m", "real")],
        [
            ["x", 1, 0.5],
            ["y", 2, null],
        ],
    );
    assert.deepEqual(chart?.labels, ["x", "y"]);
    assert.deepEqual(
        chart?.series.map((series) => [series.name, series.points.length]),
        [
            ["n", 2],
            ["m", 1],
        ],
    );
});

test("what has no number makes no chart", () => {
    assert.equal(readChart([column("a", "string")], [["x"]]), undefined);
    assert.equal(readChart([column("n", "long")], [[1]]), undefined);
    assert.equal(chartOf("table"), undefined);
    assert.equal(chartOf("timechart"), "line");
});

test("ticks are round and cover the values", () => {
    assert.deepEqual(ticks(0, 10), [0, 2, 4, 6, 8, 10]);
    assert.deepEqual(ticks(0, 138), [0, 50, 100, 150]);
    assert.deepEqual(ticks(-3, 3), [-4, -2, 0, 2, 4]);
    for (const most of [0.003, 1, 7, 99, 1e6, 123456789]) {
        const all = ticks(0, most);
        assert.ok((all[all.length - 1] ?? 0) >= most && all.length <= 8, String(most));
    }
});

test("cells are ordered by value, nothing last", () => {
    const cells = [null, 10, 9, "b", "a", undefined];
    assert.deepEqual([...cells].sort(compareCells), [9, 10, "a", "b", null, undefined]);
});

test("JSON inside a text is read, other texts are left", () => {
    assert.deepEqual(readJson('[{"a":1}]'), [{ a: 1 }]);
    for (const text of ["plain", "{broken", "1", "", null, 5]) assert.equal(readJson(text), undefined);
});
