import assert from "node:assert/strict";
import { test } from "node:test";
import { incidentKql } from "./kql";
import { member, slug, withHeader } from "./shared";

test("a text gets a header, and keeps what else stood in the one it had", () => {
    assert.equal(withHeader({ title: "A b" }, "T | take 1"), "// title: A b\n\nT | take 1");
    assert.equal(
        withHeader({ title: "new\nline" }, "// title: old\n// input: host\n\n// a note\nT"),
        "// title: new line\n// input: host\n\n// a note\nT",
    );
    assert.equal(withHeader({ title: "x" }, "// no member here\nT"), "// title: x\n\n// no member here\nT");
    assert.equal(withHeader({ title: "x" }, "// title: y"), "// title: x\n\n");
});

test("a member is read from the header only", () => {
    const text = "// title: Grave\n// view: severity=High&q=a: b\n\n// tags: none\nT";
    assert.equal(member(text, "view"), "severity=High&q=a: b");
    assert.equal(member(text, "tags"), undefined);
});

test("names become parts of ids", () => {
    assert.deepEqual(["Grave & offen", "Öffentlich", "???"].map(slug), ["grave-offen", "offentlich", "unnamed"]);
});

test("a filter of the queue is KQL", () => {
    const filter = {
        severity: ["High"],
        status: ["open"],
        owner: ["unassigned", 'A "B"'],
        product: ["X"],
        from: ["-7d"],
        to: ["2026-01-31"],
    };
    assert.equal(
        incidentKql(filter, "", ""),
        [
            "Incidents",
            'where Severity in ("High")',
            'where Status in ("New", "Active")',
            'where isempty(Owner) or Owner =~ "A \\"B\\""',
            'where ProductNames has "X"',
            "where LastActivityTime >= ago(7d)",
            "where FirstActivityTime <= datetime(2026-01-31)",
            "sort by LastActivityTime desc",
        ].join("\n| "),
    );
    assert.match(incidentKql({ technique: ["T1003"], entity: ["ip:10.0.0.4"], tag: [] }, "", ""), /\n\/\/ left out: technique, entity$/);
    assert.equal(
        incidentKql({}, "title", "a b"),
        'Incidents\n| where Title contains "a b" or Tags contains "a b" or Owner contains "a b" or ProductNames contains "a b"\n| sort by Title asc',
    );
});
