import assert from "node:assert/strict";
import { test } from "node:test";
import { Blocks } from "./blocks";

const settle = () => new Promise((resolve) => setImmediate(resolve));
const settled = async (turns = 8) => {
    for (let turn = 0; turn < turns; turn += 1) await settle();
};

function source(total: () => number) {
    const asked: number[] = [];
    const load = async (offset: number, limit: number, signal: AbortSignal) => {
        asked.push(offset);
        await settle();
        if (signal.aborted) throw new DOMException("gone", "AbortError");
        const rows = Array.from({ length: Math.max(0, Math.min(limit, total() - offset)) }, (_, index) => offset + index);
        return { rows, cursor: null, total: total() };
    };
    return { asked, load };
}

test("a list of a million rows is entered anywhere, and only what is near is asked for", async () => {
    const { asked, load } = source(() => 1_000_000);
    const blocks = new Blocks(load, 200);
    blocks.want(0, 30);
    await settled();
    assert.deepEqual([blocks.count, blocks.row(0), blocks.row(399)], [1_000_000, 0, 399]);
    blocks.want(987_650, 987_680);
    await settled();
    assert.deepEqual([blocks.row(987_650), blocks.row(987_679)], [987_650, 987_679]);
    assert.equal(blocks.row(500_000), undefined);
    assert.ok(asked.length <= 6, String(asked));
    blocks.want(999_990, 1_000_000);
    await settled();
    assert.equal(blocks.row(999_999), 999_999);
});

test("scrolling past gives up what lies behind, and what is in sight comes first", async () => {
    const { asked, load } = source(() => 100_000);
    const blocks = new Blocks(load, 100);
    blocks.want(0, 20);
    await settled();
    asked.length = 0;
    for (let at = 10_000; at < 60_000; at += 10_000) blocks.want(at, at + 20);
    await settled(16);
    assert.equal(blocks.row(50_010), 50_010);
    assert.equal(blocks.row(10_010), undefined);
    assert.equal(asked.at(-1) === 50_000 || asked.includes(50_000), true);
});

test("an empty list is asked for once, and again when something may have come", async () => {
    let total = 0;
    const { asked, load } = source(() => total);
    const blocks = new Blocks(load, 200);
    blocks.want(0, 30);
    await settled(32);
    assert.deepEqual([asked, blocks.count, blocks.untouched], [[0], 0, false]);
    total = 3;
    blocks.refresh();
    await settled(32);
    assert.deepEqual([asked, blocks.count, blocks.row(2)], [[0, 0], 3, 2]);
    total = 0;
    blocks.refresh();
    await settled(32);
    assert.deepEqual([asked, blocks.count], [[0, 0, 0], 0]);
});

test("far blocks are forgotten, and a shorter list loses its end", async () => {
    let total = 50_000;
    const { load } = source(() => total);
    const blocks = new Blocks(load, 100);
    for (let at = 0; at < 20_000; at += 200) {
        blocks.want(at, at + 20);
        await settled();
    }
    assert.ok([...blocks.known()].length <= 4_300);
    assert.equal(blocks.row(0), undefined);
    total = 50;
    blocks.refresh();
    blocks.want(0, 20);
    await settled();
    assert.deepEqual([blocks.count, [...blocks.known()].length], [50, 50]);
});

test("an error stops until it is tried again", async () => {
    let broken = true;
    const blocks = new Blocks<number>(async () => {
        if (broken) throw new Error("no");
        return { rows: [1], cursor: null, total: 1 };
    }, 10);
    blocks.want(0, 1);
    await settled();
    assert.match(String(blocks.error.value), /no/);
    broken = false;
    blocks.retry();
    await settled();
    assert.deepEqual([blocks.count, blocks.row(0)], [1, 1]);
});
