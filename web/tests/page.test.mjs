// What holds for all screens: headers, no request to anywhere else, accessibility in both themes, live changes, narrow windows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, openPage, picture, startClew, started } from "./support.mjs";

const clew = started();

const screens = [
    "/incidents?status=open&sel=0af4ae4e-0030-5a92-bb5a-1e7239af5ff6",
    "/incidents/4",
    "/incidents/4/alerts",
    "/incidents/4/entities",
    "/incidents/7/timeline",
    "/incidents/7/graph",
    "/incidents/7/notes",
    "/incidents/7/activity",
    "/alerts?view=repeats",
    "/entities/host:msticalertswin1",
    "/search?q=account",
    "/query?lang=sql&text=SELECT%20*%20FROM%20Incidents",
    "/graph",
    "/admin",
    "/proposals",
    "/admin/sources",
    "/admin/keys",
    "/alerts",
];

test("the page comes with a strict policy, and its parts may be kept for ever", async () => {
    const response = await fetch(`${clew.url}/`, { headers: { "accept-encoding": "gzip" } });
    const policy = response.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    const html = await response.text();
    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=/);
    for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
        const asset = await fetch(clew.url + path);
        assert.equal(asset.status, 200, path);
        if (!process.env.CLEW_PAGE_DIST) {
            assert.match(asset.headers.get("cache-control"), /immutable/);
            const again = await fetch(clew.url + path, { headers: { "if-none-match": asset.headers.get("etag") } });
            assert.equal(again.status, 304, path);
        }
    }
});

for (const theme of ["dark", "light"]) {
    test(`no screen breaks a rule of accessibility (${theme})`, async () => {
        const page = await clew.open({ theme });
        const found = [];
        for (const path of screens) {
            await page.go(path);
            await complete(page);
            found.push(...(await broken(page)).map((rule) => `${path}: ${rule}`));
        }
        assert.deepEqual(found, []);
        await closeClean(page, { refused: true });
    });
}

for (const [width, height] of [
    [1024, 768],
    [390, 844],
]) {
    test(`nothing runs over the edge of a window of ${width} pixels`, async () => {
        const page = await clew.open({ width, height });
        for (const path of screens) {
            await page.go(path);
            await complete(page);
            const over = () =>
                page.evaluate(() => [
                    document.documentElement.scrollWidth,
                    ...[...document.querySelectorAll("main, .incident-panel, .preview, .rail-facts, .admin, .key-form")]
                        .filter((box) => box.scrollWidth > box.clientWidth)
                        .map((box) => box.className),
                ]);
            await eventually(async () => [path, ...(await over())], [path, width]);
        }
        await closeClean(page, { refused: true });
    });
}

test("an empty workspace says on each screen what to do, and asks no more than it must", async () => {
    const empty = await startClew("serve");
    try {
        const page = await openPage(clew.browser, empty.url);
        const asked = [];
        page.on("request", (request) => {
            const { pathname } = new URL(request.url());
            if (pathname.startsWith("/v1/") && pathname !== "/v1/stats") asked.push(pathname);
        });
        const words = {
            "/incidents": "No incidents yet",
            "/incidents?severity=High": "No incident fits",
            "/alerts": "No alerts yet",
            "/alerts?severity=High": "No alert fits",
            "/proposals": "Nothing waits for a decision",
            "/graph": "Where does the thread begin?",
            "/admin": "What it holds",
            "/search?q=nothing": "nothing",
        };
        for (const [path, text] of Object.entries(words)) {
            asked.length = 0;
            await page.go(path);
            await page.getByText(text).first().waitFor();
            await complete(page);
            assert.ok(asked.length < 20, `${path} asked ${asked.length} times: ${[...new Set(asked)]}`);
        }
        await closeClean(page, { refused: true });
    } finally {
        await empty.stop();
    }
});

test("a server that was away is told of, and what could not be shown comes by itself when it is back", async () => {
    const page = await clew.open();
    await page.route("**/v1/**", (route) => route.abort());
    await page.go("/incidents");
    await page.getByRole("alert").getByText("clew does not answer").waitFor();
    await page.getByText("No answer from the server").waitFor();
    await page.unroute("**/v1/**");
    await page.getByRole("grid", { name: "Incidents" }).locator("[role=row][aria-selected]").first().waitFor();
    await page.getByText("No answer from the server").waitFor({ state: "detached" });
    page.faults = page.faults.filter((fault) => !/ERR_FAILED/.test(fault));
    await closeClean(page, { refused: true });
});

test("an address that is no text, or leads nowhere, is answered with a way on", async () => {
    const page = await clew.open();
    for (const path of ["/nowhere", "/nowhere/%E0%A4%A", "/nowhere/100%25"]) {
        await page.go(path);
        await page.getByRole("link", { name: "Open the incident queue" }).waitFor();
    }
    await closeClean(page, { refused: true });
});

test("focus is visible and Tab reaches the content past the navigation", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await page.getByRole("grid", { name: "Incidents" }).waitFor();
    await page.keyboard.press("Tab");
    await eventually(() => page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
    await page.keyboard.press("Enter");
    await eventually(() => page.evaluate(() => document.activeElement?.id), "main");
    let reached = false;
    for (let step = 0; step < 40 && !reached; step += 1) {
        await page.keyboard.press("Tab");
        reached = await page.evaluate(() => document.activeElement?.getAttribute("role") === "grid");
    }
    assert.ok(reached);
    await closeClean(page);
});

test("the theme follows the system and the choice", async () => {
    const page = await clew.open({ theme: "light" });
    await page.go("/incidents/7");
    await page.getByRole("tablist").waitFor();
    await picture(page, "incident-light");
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    await eventually(theme, "light");
    await page.keyboard.press("t");
    await eventually(theme, "dark");
    await page.reload();
    await eventually(theme, "dark");
    await closeClean(page);
});

test("what comes in appears, and the selection stays", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await page.getByRole("grid", { name: "Incidents" }).waitFor();
    await page.keyboard.press("j");
    await page.waitForURL(/sel=/);
    const selected = new URL(page.url()).searchParams.get("sel");
    // The page compares with what it saw first.
    await page.waitForResponse((response) => response.url().endsWith("/v1/stats"));
    await clew.ingest("late.json", [
        {
            Type: "SecurityIncident",
            IncidentName: "22222222-2222-2222-2222-222222222222",
            IncidentNumber: 77,
            Title: "A late incident",
            Severity: "High",
            Status: "New",
            AlertIds: [],
            CreatedTime: "2026-03-02T03:06:05Z",
            LastModifiedTime: "2026-03-02T03:06:05Z",
            FirstActivityTime: "2026-03-02T03:06:05Z",
            LastActivityTime: "2026-03-02T03:06:05Z",
        },
    ]);
    await page.getByRole("gridcell", { name: "A late incident" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("sel"), selected);
    await eventually(() => page.locator("#current-row").count(), 1);
    await closeClean(page);
});
