import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsInSight, scrolledTo } from "./virtual";

const ROW = 34;
const VIEW = 700;
/** How far a list of `count` rows can be scrolled. */
const reach = (count: number) => rowsInSight(count, ROW, { top: 0, height: VIEW }).height - VIEW;

test("a short list has its true height, and rows lie where they belong", () => {
    assert.deepEqual(rowsInSight(3, ROW, { top: 0, height: VIEW }), { from: 0, to: 3, offset: 0, height: 3 * ROW });
    assert.deepEqual(rowsInSight(100, ROW, { top: 1_000, height: VIEW }), { from: 21, to: 58, offset: 21 * ROW, height: 100 * ROW });
});

for (const count of [400_000, 1_000_000, 10_000_000]) {
    test(`the first, the last and every row between of ${count} are reached`, () => {
        const begin = rowsInSight(count, ROW, { top: 0, height: VIEW });
        assert.deepEqual([begin.from, begin.offset], [0, 0]);
        assert.ok(begin.height < 16_000_000, "browsers cut what is higher");
        const top = reach(count);
        const end = rowsInSight(count, ROW, { top, height: VIEW });
        assert.equal(end.to, count);
        // The lower edge of the last row is the lower edge of what is seen.
        assert.ok(Math.abs(end.offset + (end.to - end.from) * ROW - (top + VIEW)) < 0.01);
        // A step of one pixel never jumps over more than is seen.
        for (let at = 0; at < 100; at += 1) {
            const before = rowsInSight(count, ROW, { top: (top * at) / 100, height: VIEW });
            const after = rowsInSight(count, ROW, { top: (top * at) / 100 + 1, height: VIEW });
            assert.ok(after.from <= before.to);
        }
    });

    test(`any row of ${count} is brought into sight whole, and a row in sight stays where it is`, () => {
        for (const row of [0, 1, 19, 20, 21, Math.floor(count / 3), count - 2, count - 1]) {
            for (const from of [0, reach(count) / 2, reach(count)]) {
                const view = { top: scrolledTo(row, count, ROW, { top: from, height: VIEW }), height: VIEW };
                const sight = rowsInSight(count, ROW, view);
                const place = sight.offset + (row - sight.from) * ROW - view.top;
                assert.ok(place > -1 && place + ROW < VIEW + 1, `row ${row} from ${from} lies at ${place}`);
                assert.equal(scrolledTo(row, count, ROW, view), view.top);
            }
        }
        assert.equal(scrolledTo(5, count, ROW, { top: 0, height: VIEW }), 0);
    });
}
