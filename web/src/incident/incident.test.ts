import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertRow } from "../api/types";
import { told } from "./activity";
import { narrowed } from "./alerts";
import { earlierTexts } from "./comments";
import { barHeight, withEmpty } from "./histogram";
import { reasonCounts, tacticCounts } from "./overview";
import { readNote } from "./remark";

const alert = (title: string, severity: string, start: string, tactics: string[] = []): AlertRow => ({
    id: title,
    title,
    severity,
    status: "New",
    product: "P",
    tactics,
    incidents: [],
    entities: 0,
    start,
    end: start,
    seq: 1,
});

const alerts = [
    alert("Beta run", "Low", "2026-01-02T00:00:00Z", ["Execution"]),
    alert("Alpha run", "High", "2026-01-01T00:00:00Z", ["Execution", "Impact"]),
    alert("Gamma", "High", "2026-01-03T00:00:00Z"),
];
const titles = (rows: readonly AlertRow[]) => rows.map((row) => row.title);

test("alerts are narrowed and ordered", () => {
    const all = { words: "", tactic: "", severity: [], sort: "time" };
    assert.deepEqual(titles(narrowed(alerts, all)), ["Gamma", "Beta run", "Alpha run"]);
    assert.deepEqual(titles(narrowed(alerts, { ...all, sort: "-time" })), ["Alpha run", "Beta run", "Gamma"]);
    assert.deepEqual(titles(narrowed(alerts, { ...all, sort: "severity" })), ["Gamma", "Alpha run", "Beta run"]);
    assert.deepEqual(titles(narrowed(alerts, { ...all, words: "RUN b" })), ["Beta run"]);
    assert.deepEqual(titles(narrowed(alerts, { ...all, tactic: "Impact" })), ["Alpha run"]);
    assert.deepEqual(titles(narrowed(alerts, { ...all, severity: ["Low"] })), ["Beta run"]);
});

test("tactics are counted over the alerts, those of the incident alone count nothing", () => {
    assert.deepEqual(
        [...tacticCounts(["Discovery", "Impact"], alerts)],
        [
            ["Discovery", 0],
            ["Impact", 1],
            ["Execution", 2],
        ],
    );
});

test("gaps between buckets are filled", () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
    const bucket = (minute: number, count: number) => ({ start: at(minute), end: at(minute + 1), counts: { event: count } });
    const filled = withEmpty([bucket(0, 1), bucket(3, 2)]);
    assert.deepEqual(
        filled.map((one) => one.counts.event ?? 0),
        [1, 0, 0, 2],
    );
    assert.deepEqual(withEmpty([]), []);
    assert.equal(barHeight(0, 10), 0);
    assert.ok(barHeight(1, 10_000) >= 3);
    assert.equal(barHeight(10, 10), 72);
});

test("reasons of a correlation are counted, anything else is passed over", () => {
    const reason = (entity: string) => ({ entity, earlier: "a", later: "b", gap_seconds: 0 });
    assert.deepEqual(reasonCounts([reason("x"), reason("y"), reason("y"), 5, null, { entity: 1 }]), [
        ["y", 2],
        ["x", 1],
    ]);
    assert.deepEqual(reasonCounts("no list"), []);
});

test("notes are read in the shape of each product", () => {
    const note = { id: "", author: "", at: "", modified: "" };
    assert.deepEqual(readNote("plain"), { ...note, text: "plain" });
    assert.deepEqual(readNote({ message: "m", author: { name: "Ana" }, createdTimeUtc: "t" }), {
        ...note,
        author: "Ana",
        at: "t",
        text: "m",
    });
    assert.deepEqual(readNote({ comment: "c", createdByDisplayName: "Bo", createdDateTime: "t" }), {
        ...note,
        author: "Bo",
        at: "t",
        text: "c",
    });
    assert.deepEqual(readNote({ id: "1", author: "Cy", created: "t", modified: "u", message: "m" }), {
        id: "1",
        author: "Cy",
        at: "t",
        modified: "u",
        text: "m",
    });
    assert.equal(readNote({ other: 1 }), null);
    assert.equal(readNote(7), null);
});

test("the texts that a comment had come from the changes of the incident, newest first", () => {
    const comment = (id: string, message: string) => ({ id, message, author: "Ana", created: "t" });
    const change = (number: number, before: unknown, after: unknown) => ({
        change: number,
        time: `t${number}`,
        actor: "ana",
        action: "comment",
        source: "change",
        line: 1,
        fields: [{ field: "comments", before, after }],
    });
    const log = [
        change(4, [comment("a", "two"), comment("b", "x")], [comment("a", "two")]),
        change(3, [comment("a", "one"), comment("b", "x")], [comment("a", "two"), comment("b", "x")]),
        change(2, [comment("a", "one")], [comment("a", "one"), comment("b", "x")]),
        change(1, null, [comment("a", "one")]),
    ];
    assert.deepEqual(
        earlierTexts(log, "a").map((said) => [said.at, said.text]),
        [
            ["t3", "two"],
            ["t1", "one"],
        ],
    );
    assert.deepEqual(earlierTexts(log, "c"), []);
});

test("a change of a list tells what came, went or was rewritten", () => {
    const comment = (id: string, message: string, modified?: string) => ({ id, message, ...(modified ? { modified } : {}) });
    const lines = told({
        field: "comments",
        before: [comment("a", "one"), comment("b", "two")],
        after: [comment("a", "ONE", "t"), comment("c", "three")],
    });
    assert.deepEqual(lines, [
        { field: "comments: message", before: "one", after: "ONE" },
        { field: "comments +", before: "", after: "three" },
        { field: "comments \u2212", before: "", after: "two" },
    ]);
    assert.deepEqual(told({ field: "status", before: "New", after: "Closed" }), [{ field: "status", before: "New", after: "Closed" }]);
    assert.deepEqual(told({ field: "title", before: null, after: "x" }), [{ field: "title", before: "", after: "x" }]);
    assert.deepEqual(told({ field: "comments", before: [], after: [comment("a", "one")] }), [
        { field: "comments +", before: "", after: "one" },
    ]);
});
