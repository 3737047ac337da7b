import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentDetail, TimelineItem } from "../api/types";
import type { Collected } from "./collect";
import { htmlReport, strip } from "./html";
import { markdownReport } from "./markdown";

const EVIL = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>[x](javascript:alert(3))|**b**";

const item = (time: string, message: string): TimelineItem => ({
    time,
    kind: "event",
    message,
    source: EVIL,
    tactics: [],
    touches: [],
    seq: 1,
});
const incident = {
    id: "i-1",
    number: 7,
    title: EVIL,
    description: `First\n\n- **bold** ${EVIL}`,
    severity: "High",
    status: "New",
    owner: EVIL,
    products: [EVIL],
    tactics: ["Execution", EVIL],
    techniques: [],
    tags: [EVIL],
    alerts: 1,
    seq: 3,
    comments: [{ id: "c", author: EVIL, created: "2026-01-01T00:00:00Z", message: EVIL }],
    tasks: [{ id: "t", title: EVIL, completed: true }],
    alerts_list: [
        {
            id: "a",
            title: EVIL,
            severity: "High",
            status: "New",
            product: EVIL,
            tactics: ["Execution"],
            incidents: ["i-1"],
            entities: 1,
            start: "2026-01-01T00:00:00Z",
            seq: 1,
        },
    ],
    alerts_missing: [],
    entities: [{ id: EVIL, kind: "host", label: EVIL, degree: 2 }],
    extended: {},
    versions: [],
    etag: "3",
} as unknown as IncidentDetail;
const of = {
    incident,
    alerts: [],
    timeline: [item("2026-01-01T00:00:00Z", EVIL), item("2026-01-02T00:00:00Z", "later")],
    more: 5,
    activity: [
        {
            change: 3,
            time: "2026-01-01T00:00:00Z",
            actor: EVIL,
            action: "update",
            source: "s",
            line: 1,
            fields: [{ field: "title", before: null, after: EVIL }],
        },
    ],
    similar: [],
    graph: "<svg></svg>",
    made: "2026-02-03T04:05:06Z",
} as unknown as Collected;

test("the HTML report holds every part, and nothing of a text is markup in it", () => {
    const html = htmlReport(of);
    for (const part of ["Incident 7", "2026-02-03 04:05:06Z", "Graph", "Timeline", "Comments", "Tasks", "Changes", "5 more raw events"])
        assert.ok(html.includes(part), part);
    assert.equal(html.match(/<script/g), null);
    assert.equal(html.match(/<img/g), null);
    assert.equal(html.match(/href="(?!#|https?:)/g), null);
    assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
});

test("the Markdown report quotes what comes from outside", () => {
    const text = markdownReport(of);
    assert.match(text, /^# Incident 7: \\<img src=x/);
    const outside = text.slice(0, text.indexOf("## Comments"));
    assert.equal(outside.match(/(?<!\\)<(img|script)/), null);
    const timeline = outside.split("\n").filter((line) => /later/.test(line));
    assert.deepEqual(
        timeline.map((line) => line.match(/(?<!\\)\|/g)?.length),
        [6],
    );
});

test("the strip of time needs two instants", () => {
    assert.equal(strip([item("2026-01-01T00:00:00Z", "x")]), "");
    assert.equal(strip(of.timeline).match(/<rect/g)?.length, 2);
});
