// The pictures of the docs: each that the tests make is shown there, and each that is shown there is one that the tests make.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pictures } from "./support.mjs";

const here = new URL("./", import.meta.url);
const found = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);

test("docs/page.md shows every picture that the tests make, and no other", () => {
    const tests = readdirSync(here)
        .filter((name) => name.endsWith(".test.mjs"))
        .map((name) => readFileSync(new URL(name, here), "utf8"));
    const made = tests.flatMap((text) => found(text, /picture\(\w+, "([\w-]+)"\)/g)).sort();
    const shown = found(readFileSync(new URL("../../docs/page.md", here), "utf8"), /screenshots\/([\w-]+)\.png/g).sort();
    assert.deepEqual(shown, made);
    assert.deepEqual(
        readdirSync(pictures)
            .map((name) => name.replace(/\.png$/, ""))
            .sort(),
        made,
    );
});
