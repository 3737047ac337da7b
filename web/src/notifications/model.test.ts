import assert from "node:assert/strict";
import { test } from "node:test";
import { kinds, over, readPage, readSettings, readTold, signOf, USUAL, writeTold } from "./model";

const told = {
    id: "1234.0",
    kind: "assigned",
    time: "2026-11-22T20:50:00.123456Z",
    read: false,
    actor: "bob@contoso.com",
    target: "incident:INC-7",
    number: 42,
    title: "Ransomware on WS-01",
    severity: "High",
    text: "assigned to you",
    page: "/incidents/42",
};

test("a page is read as it was answered, and what is left out is empty", () => {
    const { target: _, ...kept } = told;
    const answer = {
        value: [told, { id: "7.1", page: "/admin/exports" }],
        unread: 3,
        complete: false,
        cursor: "c",
        since: "2026-01-01T00:00:00Z",
    };
    assert.deepEqual(readPage(answer), {
        value: [
            kept,
            {
                id: "7.1",
                kind: "",
                time: "",
                read: false,
                actor: "",
                number: undefined,
                title: "",
                severity: "",
                text: "",
                page: "/admin/exports",
            },
        ],
        unread: 3,
        cursor: "c",
        since: "2026-01-01T00:00:00Z",
    });
    assert.deepEqual(readPage({ value: [], unread: 0, complete: true, seq: 9 }), { value: [], unread: 0, cursor: null, since: "" });
});

test("an answer of another shape has nothing to tell", () => {
    const none = { value: [], unread: 0, cursor: null, since: "" };
    for (const answer of [null, "no", [], { value: "no", unread: "3" }]) assert.deepEqual(readPage(answer), none);
});

test("what would lead out of the page leads to the queue", () => {
    const pages = ["//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example/incidents", ""];
    const read = readPage({ value: pages.map((page) => ({ ...told, page })), unread: 0 });
    assert.deepEqual([...new Set(read.value.map((one) => one.page))], ["/incidents"]);
});

test("a kind that this page does not know has a sign all the same", () => {
    assert.equal(signOf("mentioned"), "note");
    assert.equal(signOf("weather"), "bell");
});

test("what somebody chose is read and written, and what they did not choose is left to the workspace", () => {
    const settings = {
        chosen: { kinds: ["mentioned"], names: ["SOC Tier 2"] },
        kinds: ["mentioned"],
        severity: "High",
        you: ["ana", "soc tier 2"],
    };
    const read = readSettings(settings);
    assert.deepEqual(read, { chosen: { kinds: ["mentioned"], severity: "", names: ["SOC Tier 2"] }, you: ["ana", "soc tier 2"] });
    assert.deepEqual(writeTold(read.chosen), { kinds: ["mentioned"], names: ["SOC Tier 2"] });
    assert.deepEqual(writeTold({ kinds: [], severity: "Low", names: [] }), { kinds: [], severity: "Low", names: [] });
    assert.deepEqual(readSettings({}), { chosen: { kinds: undefined, severity: "", names: [] }, you: [] });
    assert.deepEqual(writeTold(readTold({})), {});
});

test("the choice of a person lies over that of the workspace, and that over what is usual", () => {
    const workspace = over(readTold({ severity: "Medium" }), USUAL);
    assert.deepEqual(workspace, { kinds: kinds.map(([id]) => id), severity: "Medium" });
    assert.deepEqual(over(readTold({ kinds: ["rule"] }), workspace), { kinds: ["rule"], severity: "Medium" });
    assert.deepEqual(over(readTold({ kinds: [] }), workspace).kinds, []);
});
