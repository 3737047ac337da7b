// Alert texts come from attackers: whatever they hold is shown as text, runs nothing, loads nothing, leads nowhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { closeClean, complete, eventually, started } from "./support.mjs";

const CORPUS = [
    '<img src=x onerror="window.hit=1">',
    "<script>window.hit=1</script>",
    "<svg onload=window.hit=1>",
    '"><img src=x onerror=window.hit=1>',
    "' onmouseover='window.hit=1",
    "javascript:window.hit=1",
    "<iframe src=javascript:window.hit=1></iframe>",
    "<a href=javascript:window.hit=1>x</a>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<style>*{background:url(//evil.test/x)}</style>",
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hit=1&gt;">',
    "\u202egnp.exe <b>bidi</b>",
    "=cmd|' /C calc'!A0",
    "<base href=//evil.test/>",
];

const alert = (text, index) => ({
    Type: "SecurityAlert",
    SystemAlertId: `hostile-${index}`,
    AlertName: text,
    DisplayName: text,
    AlertSeverity: "High",
    Description: text,
    TimeGenerated: "2026-01-02T03:04:05Z",
    StartTime: "2026-01-02T03:04:05Z",
    EndTime: "2026-01-02T03:05:05Z",
    ProductName: text,
    VendorName: "V",
    Status: "New",
    AlertLink: "javascript:window.hit=1",
    Tactics: "Execution",
    RemediationSteps: JSON.stringify([text]),
    Entities: JSON.stringify([
        { $id: "1", Type: "host", HostName: `h${index}${text}` },
        { $id: "2", Type: "url", Url: text },
        { $id: "3", Type: "account", Name: text, UPNSuffix: "x.test" },
    ]),
    ExtendedProperties: JSON.stringify({ [text]: text }),
});

const incident = {
    Type: "SecurityIncident",
    IncidentName: "11111111-1111-1111-1111-111111111111",
    IncidentNumber: 66,
    Title: CORPUS.join(" "),
    Severity: "High",
    Status: "New",
    Description: CORPUS.join("\n"),
    Owner: { assignedTo: CORPUS[0], email: "x@x.test", objectId: null },
    Labels: CORPUS.slice(0, 4).map((labelName) => ({ labelName, labelType: "User" })),
    AlertIds: CORPUS.map((_, index) => `hostile-${index}`),
    Comments: CORPUS.map((message) => ({ message, author: { name: message }, createdTimeUtc: "2026-01-02T04:00:00Z" })),
    CreatedTime: "2026-01-02T03:06:05Z",
    LastModifiedTime: "2026-01-02T03:06:05Z",
    IncidentUrl: "javascript:window.hit=1",
};

const clew = started("serve", () => clew.ingest("hostile.json", [...CORPUS.map(alert), incident]));

/** Nothing ran, and nothing that the corpus names became an element. */
async function harmless(page) {
    assert.equal(await page.evaluate(() => window.hit), undefined);
    const made = await page.evaluate(
        () =>
            document.querySelectorAll(
                "#app :is(img, script, iframe, style, link, base, math, object, embed), #app [onerror], #app [onload], #app [onmouseover]",
            ).length,
    );
    assert.equal(made, 0);
    const links = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((link) => link.protocol));
    assert.deepEqual(
        links.filter((protocol) => !/^https?:$/.test(protocol)),
        [],
    );
}

const screens = [
    "/incidents",
    "/incidents?sel=11111111-1111-1111-1111-111111111111",
    "/incidents/66",
    "/incidents/66/alerts",
    "/incidents/66/entities",
    "/incidents/66/timeline",
    "/incidents/66/graph",
    "/incidents/66/notes",
    "/incidents/66/activity",
    "/alerts",
    "/alerts?view=repeats",
    "/search?q=script&kind=alert&kind=incident&kind=entity",
    "/query?lang=sql&text=SELECT%20*%20FROM%20SecurityAlert",
    "/admin",
];

test("every screen shows the corpus as text", async () => {
    const page = await clew.open();
    for (const path of screens) {
        await page.go(path);
        await complete(page);
        await harmless(page);
    }
    await closeClean(page);
});

test("each alert and entity of the corpus shows as text beside the list", async () => {
    const page = await clew.open();
    for (const [index, text] of CORPUS.entries()) {
        await page.go(`/alerts/hostile-${index}`);
        const pane = page.getByRole("complementary", { name: "Alert" });
        // A sign that turns what follows it round would show one name for another.
        const shown = text.replace("\u202e", "[U+202E]");
        await eventually(() => pane.getByRole("heading", { level: 2 }).textContent(), shown);
        await pane.getByRole("button", { name: /Entities/ }).click();
        await pane.getByRole("group", { name: "Parts of the alert" }).getByRole("button", { name: "JSON" }).click();
        await pane.locator(".json").waitFor();
        assert.equal(await pane.getByRole("link", { name: "Portal" }).count(), 0);
        await harmless(page);
    }
    await closeClean(page);
});

test("a spreadsheet takes no cell for a formula", async () => {
    const page = await clew.open();
    await page.go("/alerts");
    await page.getByRole("grid", { name: "Alerts" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const text = readFileSync(await download.path(), "utf8");
    assert.ok(text.includes("'=cmd|"));
    assert.doesNotMatch(text, /(^|,)"?[=+@]/m);
    await closeClean(page);
});

test("an address cannot carry markup into the page", async () => {
    const page = await clew.open();
    const text = encodeURIComponent('"><img src=x onerror=window.hit=1>');
    for (const path of [
        `/incidents?sort=${text}`,
        `/incidents/${text}`,
        `/entities/${text}`,
        `/search?q=${text}`,
        `/query?lang=sql&text=${text}`,
        `/incidents?severity=${text}`,
        `/graph?of=${text}`,
    ]) {
        await page.go(path);
        await complete(page);
        await harmless(page);
    }
    await closeClean(page, { refused: true });
});
