import assert from "node:assert/strict";
import { test } from "node:test";
import { type Field, listParams, readFilter, searchText, without } from "./filters";

const fields: readonly Field[] = [
    { id: "severity", label: "Severity", kind: "values", search: "severity" },
    { id: "status", label: "Status", kind: "values", search: "status" },
    { id: "owner", label: "Owner", kind: "values", search: "owner" },
    { id: "entity", label: "Entity", kind: "text", search: "entity" },
    { id: "technique", label: "Technique", kind: "text" },
    { id: "title", label: "Title", kind: "text", single: true },
    { id: "from", label: "From", kind: "time" },
    { id: "to", label: "To", kind: "time" },
];

test("a filter comes from the address and goes to the list", () => {
    const params = new URLSearchParams("severity=High&severity=Low&other=1&status=&title=a&title=b&from=-7d");
    const filter = readFilter(fields, params);
    assert.deepEqual(filter, { severity: ["High", "Low"], title: ["a"], from: ["-7d"] });
    assert.deepEqual(listParams(fields, filter), { severity: ["High", "Low"], title: "a", from: "-7d" });
    assert.deepEqual(without(filter, "severity", "from"), { title: ["a"] });
});

test("a filter and words become one search text", () => {
    const cases: [Record<string, string[]>, string, string][] = [
        [{}, "", "*"],
        [{}, "a OR b", "a OR b"],
        [{ severity: ["High"] }, "", 'severity:"High"'],
        [{ severity: ["High", "Low"] }, "a OR b", '(a OR b) AND (severity:"High" OR severity:"Low")'],
        [{ status: ["open"] }, "", '(status:"New" OR status:"Active")'],
        [{ owner: ["unassigned"] }, "x", "(x) AND (* AND NOT owner:*)"],
        [{ owner: ['a "b" \\c'] }, "", 'owner:"a \\"b\\" \\\\c"'],
        [{ entity: ["host:a:b"] }, "", 'entity:"a:b"'],
        [{ from: ["2020-01-01"], to: ["2021-01-01"] }, "", 'last:>="2020-01-01" AND first:<="2021-01-01"'],
        [{ technique: ["T1059"] }, "x", "x"],
    ];
    for (const [filter, text, expected] of cases) assert.equal(searchText(fields, filter, text), expected);
});
