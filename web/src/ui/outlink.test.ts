import assert from "node:assert/strict";
import { test } from "node:test";
import { webAddress } from "./outlink";

test("only web addresses become links", () => {
    const refused = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//host",
        "x",
        "",
        null,
    ];
    for (const text of refused) assert.equal(webAddress(text), null, String(text));
    assert.equal(webAddress("https://portal.azure.com/#blade/1"), "https://portal.azure.com/#blade/1");
    assert.equal(webAddress("http://10.0.0.1/a"), "http://10.0.0.1/a");
});
