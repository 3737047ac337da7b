import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentDetail, ProposalDetail } from "../api/types";
import { gistOf, linesOf } from "./model";

const proposal = (action: ProposalDetail["action"], change: Record<string, unknown>) => ({ action, change }) as ProposalDetail;
const incident = { severity: "High", status: "New", tags: ["a"], owner: { name: "Ana" } } as unknown as IncidentDetail;

test("an update is told field by field against the incident as it is", () => {
    const change = { add_tags: ["x", "y"], severity: "Low", owner: null, status: "InProgress", reason: "why" };
    assert.deepEqual(linesOf(proposal("update", change), incident), [
        { field: "status", before: "New", after: "In Progress", way: "set" },
        { field: "severity", before: "High", after: "Low", way: "set" },
        { field: "owner", before: "Ana", after: "nobody", way: "set" },
        { field: "tags", after: "x, y", way: "add" },
        { field: "reason", after: "why", way: "set", text: true },
    ]);
});

test("a field that the incident lacks is named as such, and nothing is claimed of an unknown incident", () => {
    const one = proposal("update", { classification: "FalsePositive" });
    assert.deepEqual(linesOf(one, incident), [
        { field: "classification", before: "none", empty: true, after: "False Positive", way: "set" },
    ]);
    assert.deepEqual(linesOf(one), [{ field: "classification", after: "False Positive", way: "set" }]);
});

test("words of people are not respelled", () => {
    const [line] = linesOf(proposal("update", { title: "LsassDump on WS6" }), incident);
    assert.equal(line?.after, "LsassDump on WS6");
});

test("comments and tasks are additions", () => {
    assert.deepEqual(linesOf(proposal("comment", { message: "seen" })), [{ field: "comment", after: "seen", way: "add", text: true }]);
    assert.deepEqual(
        linesOf(proposal("task", { title: "isolate", description: "now" })).map((line) => line.after),
        ["isolate", "now"],
    );
});

test("a heading says what would happen", () => {
    const gist = (change: Record<string, unknown>) => gistOf(proposal("update", change));
    assert.equal(gist({ status: "Closed", classification: "FalsePositive" }), "Close the incident");
    assert.equal(gist({ add_tags: ["x"] }), "Add tags");
    assert.equal(gist({ severity: "Low" }), "Change severity");
    assert.equal(
        gist({ owner: null, severity: "Low", add_tags: ["x"], remove_tags: ["y"], reason: "z" }),
        "Change severity, owner and tags",
    );
    assert.equal(gistOf(proposal("comment", {})), "Add a comment");
});
