import assert from "node:assert/strict";
import { test } from "node:test";
import { alertKql } from "./kql";

test("a filter of the alert list is KQL, and what it leaves out is named", () => {
    const cases: [Record<string, string[]>, string, string, string][] = [
        [{}, "", "", "Alerts\n| sort by StartTime desc"],
        [
            { status: ["open"], severity: ["High", "Low"] },
            "-time",
            "",
            'Alerts\n| where Severity in ("High", "Low")\n| where Status in ("New", "InProgress")\n| sort by StartTime asc',
        ],
        [{ incident: ["none"] }, "title", "", 'Alerts\n| where isempty(IncidentIds) or IncidentIds == "[]"\n| sort by Title asc'],
        [
            { incident: ["5"] },
            "",
            "",
            "Alerts\n| where IncidentIds has toscalar(Incidents | where IncidentNumber == 5 | project IncidentId)\n| sort by StartTime desc",
        ],
        [
            { entity: ['host:"a"'] },
            "",
            "",
            'Alerts\n| where strcat("alert:", AlertId) in ((Relations | where Relation == "involves" and TargetId in ("host:\\"a\\"") | project SourceId))\n| sort by StartTime desc',
        ],
        [
            { tag: ["x"], owner: ["me"], group_key: ["k"] },
            "",
            "a b",
            'Alerts\n| where AlertId contains "a b" or Title contains "a b" or ProductName contains "a b"\n| sort by StartTime desc\n// left out: tag, owner, group_key',
        ],
    ];
    for (const [filter, sort, words, expected] of cases) assert.equal(alertKql(filter, sort, words), expected);
});
