import assert from "node:assert/strict";
import { test } from "node:test";
import { type PageAnswer, Pages } from "./pages";

/** A source of `data` in pages of `size` whose cursor is the last row given, as the API's is. */
function source(data: () => readonly number[], size: number) {
    const asked: (string | null)[] = [];
    const load = async (cursor: string | null): Promise<PageAnswer<number>> => {
        asked.push(cursor);
        const rest = cursor === null ? data() : data().filter((value) => value > Number(cursor));
        const rows = rest.slice(0, size);
        return { rows, cursor: rest.length > size ? String(rows[rows.length - 1]) : null, total: data().length };
    };
    return { asked, load };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const range = (count: number) => Array.from({ length: count }, (_, index) => index * 10);
const rows = (pages: Pages<number>) => [...pages.known()].map(([, row]) => row);

test("only what is in sight and a little more is loaded", async () => {
    const data = range(10_000);
    const { asked, load } = source(() => data, 100);
    const pages = new Pages(load);
    pages.want(0, 30);
    await settle();
    assert.deepEqual([asked.length, pages.count, pages.total, pages.complete], [2, 200, 10_000, false]);
    pages.want(190, 220);
    await settle();
    assert.deepEqual([asked.length, pages.count], [4, 400]);
    assert.equal(pages.row(399), 3_990);
    assert.equal(pages.row(400), undefined);
});

test("a long way down, far pages are forgotten and come back", async () => {
    const data = range(20_000);
    const { load } = source(() => data, 100);
    const pages = new Pages(load);
    for (let at = 0; at < 20_000; at += 200) {
        pages.want(at, at + 40);
        for (let turn = 0; turn < 4; turn += 1) await settle();
    }
    assert.equal(pages.complete, true);
    assert.equal(pages.count, 20_000);
    assert.equal(pages.row(0), undefined);
    assert.ok([...pages.known()].length <= 4_000);
    pages.want(0, 40);
    for (let turn = 0; turn < 4; turn += 1) await settle();
    assert.equal(pages.row(0), 0);
    assert.equal(pages.row(39), 390);
});

test("after a refresh rows that came and went are where they belong", async () => {
    let data = range(500);
    const { load } = source(() => data, 100);
    const pages = new Pages(load);
    pages.want(0, 499);
    for (let turn = 0; turn < 8; turn += 1) await settle();
    assert.deepEqual(rows(pages), data);
    data = [5, ...data.filter((value) => value !== 1_230 && value < 4_500), 9_999].sort((a, b) => a - b);
    pages.refresh();
    for (let turn = 0; turn < 12; turn += 1) await settle();
    assert.deepEqual(rows(pages), data);
    assert.equal(pages.total, data.length);
    assert.equal(pages.complete, true);
});

test("an error stops until it is tried again", async () => {
    let broken = true;
    const pages = new Pages<number>(async () => {
        if (broken) throw new Error("no");
        return { rows: [1], cursor: null, total: 1 };
    });
    pages.want(0, 10);
    await settle();
    pages.want(0, 20);
    await settle();
    assert.match(String(pages.error.value), /no/);
    broken = false;
    pages.retry();
    await settle();
    assert.deepEqual([pages.count, pages.complete], [1, true]);
});
