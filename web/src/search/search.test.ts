import assert from "node:assert/strict";
import { test } from "node:test";
import { marked } from "./search";

test("matches are marked by bytes, whatever the text is", () => {
    const cases: [string, number[][], string][] = [
        ["6 alerts on vm1", [[2, 8]], "6 [alerts] on vm1"],
        ["Müller <b>", [[0, 7]], "[Müller] <b>"],
        [
            "a b",
            [
                [0, 1],
                [2, 3],
            ],
            "[a] [b]",
        ],
        [
            "a b",
            [
                [2, 3],
                [0, 1],
            ],
            "a [b]",
        ],
        ["ab", [[1, 9]], "ab"],
        ["", [], ""],
    ];
    for (const [snippet, ranges, expected] of cases) {
        const parts = marked({ field: "title", snippet, ranges });
        assert.equal(parts.map((part) => (part.hit ? `[${part.text}]` : part.text)).join(""), expected);
    }
});
