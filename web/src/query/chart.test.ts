import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chart, parted, readChart, type Series, scaleOf, ticks } from "./chart";
import { planOf, type Stack } from "./render";
import { compareCells, emptyColumns, readJson } from "./result";
import { squares } from "./treemap";

const column = (name: string, type: string) => ({ name, type });
const NONE = planOf(undefined);
const plan = (chart: string, properties: Record<string, string> = {}) => planOf({ chart, properties });
const shape = (chart: Chart | undefined) => chart?.series.map((series) => [series.name, series.points.map((point) => point.y)]);

test("a time column is the axis and a text column splits the series", () => {
    const chart = readChart(
        [column("host", "string"), column("at", "datetime"), column("n", "long")],
        [
            ["b", "2026-01-02T00:00:00Z", 2],
            ["a", "2026-01-01T00:00:00Z", 1],
            ["b", "2026-01-01T00:00:00Z", 4],
            ["b", null, 4],
        ],
        plan("timechart"),
        "line",
    );
    assert.equal(chart?.axis, "time");
    assert.equal(chart?.passed, 1);
    assert.deepEqual(shape(chart), [
        ["b", [4, 2]],
        ["a", [1]],
    ]);
});

test("the first text is the axis, each number a series", () => {
    const chart = readChart(
        [column("kind", "string"), column("n", "long"), column("m", "real")],
        [
            ["x", 1, 0.5],
            ["y", 2, null],
        ],
        NONE,
        "column",
    );
    assert.deepEqual(chart?.labels, ["x", "y"]);
    assert.deepEqual(shape(chart), [
        ["n", [1, 2]],
        ["m", [0.5]],
    ]);
});

test("what has no number makes no chart", () => {
    assert.equal(readChart([column("a", "string")], [["x"]], NONE, "column"), undefined);
    assert.equal(readChart([column("n", "long")], [[1]], NONE, "column"), undefined);
    assert.equal(plan("table").kind, undefined);
    assert.equal(plan("timechart").kind, "line");
});

const products = [column("AlertSeverity", "string"), column("ProductName", "string"), column("n", "long"), column("m", "long")];
const severities = [
    ["High", "Azure", 90, 26],
    ["High", "GuardDuty", 4, 3],
    ["Low", "Azure", 13, 2],
];

test("the columns that a render names are axis, measures and series", () => {
    const asked = plan("columnchart", { kind: "stacked", xcolumn: "ProductName", ycolumns: "m", series: "AlertSeverity" });
    const chart = readChart(products, severities, asked, "column");
    assert.equal(chart?.axisName, "ProductName");
    assert.deepEqual(chart?.labels, ["Azure", "GuardDuty"]);
    assert.deepEqual(shape(chart), [
        ["High", [26, 3]],
        ["Low", [2]],
    ]);
    assert.equal(asked.stack, "stacked");
});

test("a render without properties: the first column is the axis, the other texts split, every number is a measure", () => {
    const chart = readChart(products, severities, plan("columnchart"), "column");
    assert.equal(chart?.axisName, "AlertSeverity");
    assert.deepEqual(
        chart?.series.map((series) => series.name),
        ["Azure n", "Azure m", "GuardDuty n", "GuardDuty m"],
    );
    const joined = readChart(products, severities, plan("linechart", { series: "AlertSeverity,ProductName", xcolumn: "n" }), "line");
    assert.deepEqual(
        joined?.series.map((series) => series.name),
        ["High, Azure", "High, GuardDuty", "Low, Azure"],
    );
    assert.equal(joined?.axis, "number");
});

test("columns stand over names even if these are numbers, lines over a scale", () => {
    const columns = [column("EventID", "int"), column("count_", "long")];
    const rows = [
        [4624, 7],
        [5379, 1],
        [412, 3],
    ];
    const names = readChart(columns, rows, plan("columnchart"), "column");
    assert.equal(names?.axis, "label");
    assert.deepEqual(names?.labels, ["4624", "5379", "412"]);
    const scale = readChart(columns, rows, plan("linechart"), "line");
    assert.equal(scale?.axis, "number");
    assert.deepEqual(
        scale?.series[0]?.points.map((point) => point.x),
        [412, 4624, 5379],
    );
});

test("rows that share a name and a series are added up, and the chart says so", () => {
    const chart = readChart(
        products,
        severities,
        plan("barchart", { xcolumn: "AlertSeverity", ycolumns: "n", series: "AlertSeverity" }),
        "bar",
    );
    assert.deepEqual(shape(chart), [["n", [94, 13]]]);
    assert.match(chart?.notes.join() ?? "", /added up \(1\)/);
});

test("a column that is not there is named", () => {
    const chart = readChart(products, severities, plan("columnchart", { xcolumn: "Nowhere" }), "column");
    assert.match(chart?.notes.join() ?? "", /xcolumn names Nowhere/);
});

test("make-series: arrays are told along their time, each group a series", () => {
    const times = ["2019-01-15T00:00:00.0000000Z", "2019-01-15T06:00:00.0000000Z"];
    const chart = readChart(
        [column("Account", "string"), column("n", "dynamic"), column("TimeGenerated", "dynamic")],
        [
            ["a", [203, 0], times],
            ["b", [162, 7], times],
        ],
        plan("timechart"),
        "line",
    );
    assert.equal(chart?.axis, "time");
    assert.equal(chart?.axisName, "TimeGenerated");
    assert.deepEqual(shape(chart), [
        ["a", [203, 0]],
        ["b", [162, 7]],
    ]);
    assert.equal(chart?.series[0]?.points[1]?.x, Date.UTC(2019, 0, 15, 6));
    const numbers = readChart(
        [column("n", "dynamic"), column("x", "dynamic")],
        [
            [
                [5, 3, 4],
                [0, 10, 20],
            ],
        ],
        plan("linechart"),
        "line",
    );
    assert.equal(numbers?.axisName, "x");
    assert.deepEqual(shape(numbers), [["n", [5, 3, 4]]]);
});

test("an anomaly chart marks the points that its flags name, with and without the property", () => {
    const columns = ["n", "at", "flag", "baseline"].map((name) => column(name, "dynamic"));
    const rows = [
        [
            [5, 90, 5],
            ["2026-01-01", "2026-01-02", "2026-01-03"],
            [0, 1, 0],
            [5.5, 5.5, 5.5],
        ],
    ];
    for (const asked of [plan("anomalychart", { anomalycolumns: "flag" }), plan("anomalychart")]) {
        const chart = readChart(columns, rows, asked, "line");
        assert.deepEqual(chart?.measures, ["n", "baseline"]);
        assert.deepEqual(
            chart?.series.map((series) => series.marked.map((point) => point.y)),
            [[90], []],
        );
    }
});

test("accumulate adds what came before, a logarithmic axis passes what has no place on it", () => {
    const columns = [column("at", "datetime"), column("n", "long")];
    const rows = [
        ["2026-01-03", 3],
        ["2026-01-01", 1],
        ["2026-01-02", 0],
    ];
    assert.deepEqual(shape(readChart(columns, rows, plan("timechart", { accumulate: "true" }), "line")), [["n", [1, 1, 4]]]);
    const log = readChart(columns, rows, plan("timechart", { yaxis: "log" }), "line");
    assert.equal(log?.passed, 1);
});

test("every property of render is read", () => {
    const { title, xTitle, yTitle, legend, xLog, yLog, xMin, xMax, yMin, yMax, split, stack } = plan("columnchart", {
        kind: "stacked100",
        title: "Hello",
        xtitle: "X",
        ytitle: "Y",
        legend: "hidden",
        xaxis: "log",
        yaxis: "linear",
        xmin: "datetime(2019-01-15)",
        xmax: "2019-01-16T00:00:00",
        ymin: "-5",
        ymax: "1e3",
        ysplit: "panels",
    });
    assert.deepEqual(
        { title, xTitle, yTitle, legend, xLog, yLog, xMin, xMax, yMin, yMax, split, stack },
        {
            title: "Hello",
            xTitle: "X",
            yTitle: "Y",
            legend: false,
            xLog: true,
            yLog: false,
            xMin: Date.UTC(2019, 0, 15),
            xMax: Date.UTC(2019, 0, 16),
            yMin: -5,
            yMax: 1000,
            split: "panels",
            stack: "stacked100",
        },
    );
    assert.equal(plan("areachart").stack, "none");
    assert.equal(plan("stackedareachart").stack, "stacked");
    assert.equal(plan("stackedareachart", { kind: "unstacked" }).stack, "none");
});

test("stacked parts stand on each other, what is negative hangs, and shares add up to a hundred", () => {
    const one = (name: string, ...ys: (number | undefined)[]): Series => ({
        name,
        measure: 0,
        marked: [],
        points: ys.flatMap((y, x) => (y === undefined ? [] : [{ x, label: "", y }])),
    });
    const series = [one("a", 3, 1), one("b", undefined, 3), one("c", -2, 4)];
    const spans = (stack: Stack) => parted(series, stack).map((parts) => parts.map(({ from, to }) => [from, to]));
    assert.deepEqual(spans("stacked"), [
        [
            [0, 3],
            [0, 1],
        ],
        [
            [3, 3],
            [1, 4],
        ],
        [
            [0, -2],
            [4, 8],
        ],
    ]);
    assert.deepEqual(
        spans("stacked100").map((parts) => parts[1]),
        [
            [0, 12.5],
            [12.5, 50],
            [50, 100],
        ],
    );
    assert.deepEqual(spans("none")[1], [[0, 3]]);
});

test("a scale keeps the ends that were asked for, and a logarithmic one has powers of ten", () => {
    assert.deepEqual(scaleOf(0, 138, {}).steps, [0, 50, 100, 150]);
    const given = scaleOf(0, 138, { min: 20, max: 120 });
    assert.deepEqual(given.steps, [20, 40, 60, 80, 100, 120]);
    assert.deepEqual([given.share(20), given.share(70), given.share(120)], [0, 0.5, 1]);
    const log = scaleOf(3, 700, { log: true });
    assert.deepEqual(log.steps, [1, 10, 100, 1000]);
    assert.ok(Math.abs(log.share(10) - 1 / 3) < 1e-9);
    assert.deepEqual(scaleOf(Infinity, -Infinity, { log: true }).steps, [1, 10]);
    assert.ok(scaleOf(Infinity, -Infinity, {}).steps.length > 1);
});

test("areas fill their rectangle in the measure of their values", () => {
    const areas = squares([6, 6, 4, 3, 2, 2, 1], 6, 4);
    assert.deepEqual(
        areas.map((area) => Math.round(area.width * area.height * 1e6) / 1e6),
        [6, 6, 4, 3, 2, 2, 1],
    );
    for (const area of areas) assert.ok(Math.max(area.width / area.height, area.height / area.width) < 4);
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

test("columns without a value in any row are known, but not where that is all there is", () => {
    const columns = ["a", "b", "c", "d"].map((name) => ({ name, type: "string" as const }));
    const rows = [
        [null, "", 0, "x"],
        ["", null, null, ""],
    ];
    assert.deepEqual([...emptyColumns({ columns, rows })], [0, 1]);
    assert.deepEqual([...emptyColumns({ columns, rows: [] })], []);
    assert.deepEqual([...emptyColumns({ columns, rows: [[null, null, "", ""]] })], []);
});
