import assert from "node:assert/strict";
import { test } from "node:test";
import { type Block, readMarkdown } from "./markdown";

const plain = (blocks: readonly Block[]) => JSON.stringify(blocks);

test("paragraphs, lists, quotes, headings and code are told apart", () => {
    const blocks = readMarkdown(
        "# Head\ntext **bold** and `code`\nmore\n\n- one\n- *two*\n\n1. first\n2. second\n\n> said\n\n```\na < b\n\nc\n```\n---",
    );
    assert.deepEqual(
        blocks.map((block) => block.kind),
        ["heading", "paragraph", "list", "list", "quote", "code", "rule"],
    );
    assert.match(plain(blocks), /"kind":"strong","inner":\[{"kind":"text","text":"bold"}\]/);
    assert.match(plain(blocks), /a < b\\n\\nc/);
});

test("what is no Markdown stays as it was written", () => {
    for (const text of ["2 * 3 * 4", "snake_case_name and other_name", "a ** b", "`open", "[no](link", "<img src=x onerror=alert(1)>"]) {
        assert.deepEqual(readMarkdown(text), [{ kind: "paragraph", inner: [{ kind: "text", text }] }], text);
    }
});

test("a link keeps its address only where it is one of the web", () => {
    assert.deepEqual(readMarkdown("[a](https://x.example/b?c=1)"), [
        { kind: "paragraph", inner: [{ kind: "link", href: "https://x.example/b?c=1", text: "a" }] },
    ]);
    for (const bad of ["javascript:alert(1)", "data:text/html,x", "//x", " vbscript:x"]) {
        const text = `[a](${bad})`;
        assert.deepEqual(readMarkdown(text), [{ kind: "paragraph", inner: [{ kind: "text", text }] }], bad);
    }
});

test("no text makes the reader stand still", () => {
    const alphabet = ["*", "`", "[", "]", "(", ")", "_", "\n", "-", "#", ">", " ", "a", "1.", "```", "http://a"];
    let seed = 11;
    for (let round = 0; round < 400; round += 1) {
        let text = "";
        for (let index = 0; index < 60; index += 1) {
            seed = (seed * 1103515245 + 12345) % 2147483648;
            text += alphabet[seed % alphabet.length];
        }
        assert.ok(Array.isArray(readMarkdown(text)));
    }
});
