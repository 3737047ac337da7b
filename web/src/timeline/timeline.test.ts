import assert from "node:assert/strict";
import { test } from "node:test";
import type { TimelineItem } from "../api/types";
import { headOf, lineOf } from "./export";
import { askedNodes } from "./load";
import { columnsOf, focusOf, lanesOf, lies, moments, nextMoment, readItems } from "./model";
import { scaleOf, ticks, timeScale } from "./scale";

const item = (more: Partial<TimelineItem>): TimelineItem =>
    ({ time: "2026-01-01T00:00:00Z", kind: "event", message: "m", source: "T", tactics: [], touches: [], seq: 1, ...more }) as TimelineItem;

const ITEMS = readItems([
    item({
        time: "2026-01-01T03:00:00Z",
        kind: "alert",
        source: "EDR",
        severity: "High",
        tactics: ["Impact", "Execution"],
        node: "alert:1",
        touches: ["host:a"],
        end: "2026-01-01T04:00:00Z",
    }),
    item({ time: "2026-01-01T01:00:00Z", touches: ["host:a", "ip:1"], source: "SigninLogs" }),
    item({ time: "2026-01-01T02:00:00Z", kind: "alert", source: "EDR", severity: "Low", node: "alert:2", end: "2026-01-01T02:00:00Z" }),
    item({ time: undefined as never, message: "undated" }),
    item({ time: "2026-01-01T01:00:00Z", kind: "status", node: "incident:1" }),
]);

test("items come in the order of time, those without one stay out, an end at the begin is none", () => {
    assert.deepEqual(
        ITEMS.map((one) => [one.kind, one.end !== undefined]),
        [
            ["event", false],
            ["status", false],
            ["alert", false],
            ["alert", true],
        ],
    );
    assert.deepEqual(ITEMS[3]?.nodes, ["alert:1", "host:a"]);
});

test("lanes by tactic stand in the order of an attack, by entity and table with the fuller ones first", () => {
    const name = (id: string) => id;
    assert.deepEqual(
        lanesOf(ITEMS, "tactic", name).map((lane) => [lane.label, lane.items.length]),
        [
            ["Execution", 1],
            ["Impact", 1],
            ["No tactic", 2],
            ["Events", 1],
        ],
    );
    assert.deepEqual(
        lanesOf(ITEMS, "entity", name).map((lane) => [lane.id, lane.items.length]),
        [
            ["host:a", 2],
            ["alert:2", 1],
            ["incident:1", 1],
            ["ip:1", 1],
        ],
    );
    assert.deepEqual(
        lanesOf(ITEMS, "table", name).map((lane) => lane.label),
        ["Alerts: EDR", "Incident", "SigninLogs"],
    );
});

test("the next moment is the next begin, and there is none behind the last", () => {
    const all = moments(ITEMS);
    assert.equal(all.length, 3);
    assert.equal(nextMoment(all, undefined, true), all[0]);
    assert.equal(nextMoment(all, all[0], true), all[1]);
    assert.equal(nextMoment(all, all[2], true), undefined);
    assert.equal(nextMoment(all, all[2], false), all[1]);
    assert.equal(nextMoment([], 1, true), undefined);
});

test("columns count every item once", () => {
    const scale = timeScale(
        ITEMS.map((one) => one.time),
        ITEMS[0]?.time ?? 0,
        ITEMS[3]?.time ?? 0,
        300,
    );
    const counted = columnsOf(ITEMS, scale.x, 300, 5);
    assert.equal(
        counted.reduce((sum, column) => sum + column.total, 0),
        ITEMS.length,
    );
});

const DAY = 86_400_000;
const YEAR = 365 * DAY;

test("a quiet stretch is short, and what stands around it keeps its order and its instants", () => {
    const times = [0, 60_000, 120_000, 4 * YEAR, 4 * YEAR + 60_000];
    const scale = timeScale(times, 0, 4 * YEAR + 60_000, 1_000);
    const x = times.map((time) => scale.x(time));
    for (let index = 1; index < x.length; index += 1) assert.ok((x[index] as number) > (x[index - 1] as number));
    assert.equal(scale.stretches.filter((one) => one.quiet).length, 1);
    for (const time of times) assert.ok(Math.abs(scale.time(scale.x(time)) - time) < 1_000);
    assert.ok(Math.abs((scale.stretches.at(-1)?.right ?? 0) - 1_000) < 1e-6);
    assert.ok(ticks(scale).every((tick, index, all) => index === 0 || tick.x >= (all[index - 1]?.x ?? 0)));
});

test("days begin where the clock in force begins them", () => {
    const times = Array.from({ length: 12 }, (_, index) => (index + 1) * DAY);
    const scale = timeScale(times, DAY, 12 * DAY, 800);
    const begins = (ahead: number) =>
        ticks(scale, () => ahead).map((tick) => `${tick.grain} ${new Date(tick.time).toISOString().slice(11, 16)}`);
    assert.deepEqual([...new Set(begins(0))], ["day 00:00"]);
    assert.deepEqual([...new Set(begins(5.5 * 3_600_000))], ["day 18:30"]);
});

test("an even story has no quiet stretch, and one instant still has a scale", () => {
    const times = Array.from({ length: 30 }, (_, index) => index * DAY);
    assert.equal(timeScale(times, 0, 29 * DAY, 800).stretches.length, 1);
    const one = timeScale([DAY], DAY, DAY, 800);
    assert.ok(Number.isFinite(one.x(DAY)) && Number.isFinite(one.time(400)));
});

test("entities are asked for before the incident, common ones not at all, as many as an address holds", () => {
    const entity = (id: string, more = {}) => ({ id, kind: id.split(":")[0] ?? "", degree: 1, inside: true, ...more });
    const asked = askedNodes(
        [entity("file:cmd.exe"), entity("ip:2", { inside: false }), entity("alert:1"), entity("process:p"), entity("host:a")],
        ["incident:1"],
    );
    assert.deepEqual(asked, { of: ["host:a", "process:p", "ip:2", "incident:1"], unasked: 0 });
    const many = askedNodes(
        Array.from({ length: 1_000 }, (_, index) => entity(`ip:10.0.${index}.1`)),
        ["incident:1"],
    );
    assert.ok(many.unasked > 0 && many.of.length + many.unasked === 1_001);
});

test("exported lines hold hostile texts as texts", () => {
    const hostile = item({ message: "=cmd|'/c calc'!A1 | **b** <img src=x>\n\"q\"", source: "S", tactics: ["Impact"], seq: 7 });
    assert.equal(lineOf("csv", hostile), `2026-01-01T00:00:00Z,,event,,Impact,"'=cmd|'/c calc'!A1 | **b** <img src=x>\n""q""",S,,7\r\n`);
    assert.equal(lineOf("jsonl", hostile), `${JSON.stringify(hostile)}\n`);
    const row = lineOf("md", hostile);
    assert.equal(row.split(/(?<!\\)\|/).length, 9);
    assert.doesNotMatch(row, /(?<!\\)[<*]/);
    assert.equal(headOf("md").split("\n").length, 3);
});

const at = (time: number) => item({ time: new Date(time).toISOString() });
const BEGIN = Date.UTC(2019, 0, 15, 5);
const STORY = Array.from({ length: 100 }, (_, index) => at(BEGIN + index * 400_000));

test("one change years later takes no room from the story, whatever it takes of the time", () => {
    const items = readItems([...STORY, at(Date.UTC(2026, 10, 22))]);
    const scale = scaleOf(items, 1_000);
    const [first, last] = [items[0]?.time ?? 0, items[99]?.time ?? 0];
    assert.ok(scale.x(last) - scale.x(first) > 700, `${scale.x(first)} to ${scale.x(last)}`);
    assert.ok(scale.x(items[100]?.time ?? 0) <= 1_000);
    // The story stands for itself then: there is nothing to set aside.
    assert.equal(
        focusOf(items, [first, last], (from, to) => (scale.x(to) - scale.x(from)) / 1_000),
        undefined,
    );
});

test("where much happened later, the activity is looked at first, and the rest is counted", () => {
    const items = readItems([...STORY, ...Array.from({ length: 40 }, (_, index) => at(Date.UTC(2026, 9, index + 1)))]);
    const scale = scaleOf(items, 1_000);
    const activity = [items[0]?.time ?? 0, items[99]?.time ?? 0] as const;
    const focus = focusOf(items, activity, (from, to) => (scale.x(to) - scale.x(from)) / 1_000);
    assert.equal(focus?.outside, 40);
    assert.equal(items.filter((one) => lies(one, focus?.from ?? 0, focus?.to ?? 0)).length, 100);
    assert.equal(
        focusOf(items, undefined, () => 0),
        undefined,
    );
    assert.equal(
        focusOf(items, [0, 1], () => 0),
        undefined,
    );
});

test("a few instants far from each other have room between them and at the ends", () => {
    const items = readItems([at(0), at(YEAR), at(3 * YEAR)]);
    const x = items.map((one) => scaleOf(items, 900).x(one.time));
    for (const [index, one] of x.entries()) assert.ok(one > (x[index - 1] ?? 0) + 20 && one < 880, x.join());
});

test("a scale of nothing names no times", () => {
    assert.deepEqual(ticks(scaleOf([], 900)), []);
    assert.equal(ticks(scaleOf([{ time: Date.parse("2025-01-02T03:04:05Z") }], 900)).length > 0, true);
});
