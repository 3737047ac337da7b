import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./client";
import { hintOf, saying, wayOf } from "./hint";

test("of a hint the page shows what can be done without a shell", () => {
    const shown = (hint: string) => hintOf({ hint });
    assert.equal(shown("a similar column is `Severity`"), "a similar column is `Severity`");
    assert.equal(shown("`clew tables` lists them"), "");
    assert.equal(shown("name a table such as SecurityEvent; `clew tables` lists them"), "name a table such as SecurityEvent");
    assert.equal(shown("an admin gives a key of that role: `clew key create --role ROLE`"), "an admin gives a key of that role");
    assert.equal(shown("restore it from a backup, or run `clew repair`"), "restore it from a backup");
    assert.equal(shown("`clew incidents` lists them, `clew search WORDS` finds them by their words"), "");
    assert.equal(shown("begin at `a: b, c`, not at `clew x: y`; 10:30 is a time"), "begin at `a: b, c`; 10:30 is a time");
    assert.equal(hintOf({}), "");
});

test("where the page has what a command does, the error leads there", () => {
    assert.equal(wayOf({ hint: "`clew tables` lists them" })?.href, "/query");
    assert.equal(wayOf({ hint: "`clew key list` shows the ids of all keys" })?.href, "/admin/keys");
    assert.equal(wayOf({ hint: "run `clew repair`" }), undefined);
    assert.equal(wayOf({ hint: "a similar table is `Alerts`" }), undefined);
});

test("in one line an error says what is wrong and what to do", () => {
    const detail = { code: "x", message: "no key `a`", request_id: "" };
    assert.equal(saying(new ApiError(404, { ...detail, hint: "`clew key list` shows the ids" })), "no key `a`");
    assert.equal(saying(new ApiError(404, { ...detail, hint: "try b" })), "no key `a`: try b");
    assert.equal(saying(new Error("broken")), "broken");
});
