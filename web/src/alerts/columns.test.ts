import assert from "node:assert/strict";
import { test } from "node:test";
import { alikeIn } from "./columns";

test("a group of repeats says what its alerts share beside their title", () => {
    const shared = (title: string, label: string) => alikeIn({ title, group: { key: "", label, count: 1 } });
    assert.equal(shared("Login", "Login"), "");
    assert.equal(shared("Login", "Login (host:WS6)"), "Host WS6");
    assert.equal(shared("Login", "Login (azure-resource:/subscriptions/1/virtualmachines/vm1)"), "Azure resource vm1");
    assert.equal(shared("Login", "account:ana@contoso.com"), "account:ana@contoso.com");
    assert.equal(alikeIn({ title: "Login" }), "");
});
