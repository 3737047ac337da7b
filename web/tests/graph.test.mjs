// The investigation graph and the parallel timeline, on the sample data. What is asserted is read from the list twin and from the view's
// own counts, never from pixels.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { closeClean, eventually, picture, started } from "./support.mjs";

const clew = started();

async function openGraph(path, options) {
    const page = await clew.open(options);
    await page.go(path);
    await drawn(page);
    return page;
}

/** Waits until the picture holds more than the root, nothing is asked or arranged, and nothing moves. */
const drawn = (page) =>
    page.waitForFunction(
        () =>
            window.clewGraph?.atRest() &&
            window.clewGraph.stats().drawn.nodes > 1 &&
            document.querySelector(".graph")?.getAttribute("aria-busy") === "false",
    );
const nodes = (page) => page.evaluate(() => window.clewGraph?.stats().drawn.nodes ?? 0);
/** What the address holds of the graph, as soon as it is the present state. */
async function addressed(page) {
    await page.locator(".graph[data-addressed=true]").waitFor();
    const { searchParams, hash } = new URL(page.url());
    return searchParams.get("g") ?? new URLSearchParams(hash.slice(1)).get("g");
}
const notice = (page, text) => page.locator(".graph-notice", { hasText: text }).waitFor();
const tab = (page, name) => page.getByRole("tab", { name }).click();

/** Chooses a node by its reference in the list twin and shows its details. */
async function choose(page, reference) {
    await tab(page, /^List/);
    await page.getByLabel("Find in the graph").fill(reference.slice(reference.indexOf(":") + 1));
    await page.locator(`[role=treeitem][data-node="${reference}"]`).click();
    await tab(page, "Details");
    await page.locator(".graph-stage").focus();
}

test("from the incident over its alerts to their entities, with alike ones as groups", async () => {
    const page = await openGraph("/incidents/7/graph");
    await page.getByText("47 nodes and 240 links", { exact: false }).waitFor();
    await page.getByText(/alerts and changes/).waitFor();
    await picture(page, "graph");
    await tab(page, /^List/);
    await page
        .getByRole("treeitem", { name: /Multi-stage activity on i-99999999/ })
        .first()
        .waitFor();
    await page.getByRole("treeitem", { name: /20 IPs/ }).dblclick();
    await page.locator('[role=treeitem][data-node="ip:198.51.100.1"]').waitFor();
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("u");
    await notice(page, "undone: opened 20 IPs");
    await page.getByRole("treeitem", { name: /20 IPs/ }).waitFor();
    await closeClean(page);
});

test("an entity's queries say before they run what joins and what they find; what they find joins, and is in the address", async () => {
    const page = await openGraph("/incidents/4/graph");
    await picture(page, "graph-large");
    await choose(page, "host:msticalertswin1");
    await page.keyboard.press("e");
    const card = page.getByRole("dialog", { name: /Exploration queries of msticalertswin1/ });
    const query = card.getByRole("button", { name: /^Logons on the host/ });
    await eventually(() => query.innerText(), /Logons on the host\s+\+1$/);
    await picture(page, "graph-explorations");
    const without = await addressed(page);
    // Rows and query before anything joins.
    await card.getByRole("button", { name: "Events of Logons on the host: 3" }).click();
    const drawer = page.getByRole("region", { name: "Rows: Logons on the host" });
    await drawer.getByText('explore("host/logons", "host:msticalertswin1")').waitFor();
    await drawer.getByText("3 rows", { exact: true }).waitFor();
    await drawer.getByRole("button", { name: "Close the rows" }).click();
    assert.equal(await addressed(page), without);
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("e");
    await query.click();
    await notice(page, "logons of msticalertswin1: 1 new node, 3 new links");
    await tab(page, "Questions");
    await page.getByRole("button", { name: "3 rows" }).click();
    await page
        .getByRole("region", { name: /Rows: host\/logons/ })
        .getByRole("columnheader")
        .first()
        .waitFor();
    await page.getByRole("button", { name: "Close the rows" }).click();
    await eventually(
        () => addressed(page),
        (state) => state !== without,
    );
    await drawn(page);
    const before = await nodes(page);
    await page.reload();
    await drawn(page);
    await eventually(() => nodes(page), before);
    await closeClean(page);
});

/** How many nodes and links the graph holds, drawn or not. */
const held = async (page) => {
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("Escape");
    await tab(page, "Details");
    const [, nodes, links] = /([\d,]+) nodes and ([\d,]+) links/.exec(await page.getByText(/nodes and .* links, drawn/).innerText());
    return [nodes, links].map((count) => Number(count.replaceAll(",", "")));
};

test("the number on a query is the number of nodes that join, for its first results and for all", async () => {
    const page = await openGraph("/incidents/4/graph");
    const [before] = await held(page);
    await choose(page, "host:msticalertswin1");
    await page.keyboard.press("e");
    const card = page.getByRole("dialog", { name: /Exploration queries of msticalertswin1/ });
    const all = card.getByTitle("Add what all 363 results bring");
    const asked = [];
    page.on("request", (request) => /[?&]limit=\d{3,}/.test(request.url()) && asked.push(request.url()));
    await all.waitFor();
    assert.deepEqual(asked, [], "as long as nobody rests on `all`, nobody asks for all");
    await all.hover();
    const joins = Number(/\+([\d,]+)/.exec(await eventually(() => all.innerText(), /\+\d/))[1]);
    await card.getByRole("button", { name: /^Rarest processes on the host/ }).click();
    await notice(page, /rare processes of msticalertswin1: 10 new nodes, .*; the first \d+ of 68 results/);
    await page.keyboard.press("u");
    await notice(page, /undone/);
    await page.keyboard.press("e");
    await all.click();
    await notice(page, new RegExp(`processes of msticalertswin1: ${joins} new nodes`));
    await drawn(page);
    assert.equal((await held(page))[0], before + joins);
    await closeClean(page);
});

test("who opens the address of an expanded graph sees the same picture", async () => {
    let page = await openGraph("/incidents/4/graph");
    await choose(page, "host:msticalertswin1");
    await page.keyboard.press("Enter");
    await notice(page, /all links of/);
    /** Where everything of the list lies, once all of it is shown. */
    const lie = async () => {
        await drawn(page);
        await tab(page, /^List/);
        await page.getByLabel("Find in the graph").fill("");
        await page.locator(".graph-stage").focus();
        await page.keyboard.press("f");
        await drawn(page);
        return page.evaluate(() =>
            [...document.querySelectorAll("[role=treeitem][data-node]")].map((item) => {
                const place = window.clewGraph.screenOf(item.dataset.node);
                return `${item.dataset.node} ${Math.round(place.x)} ${Math.round(place.y)}`;
            }),
        );
    };
    const sent = await lie();
    assert.ok(sent.length > 100);
    await addressed(page);
    const address = page.url().slice(clew.url.length);
    await closeClean(page);
    page = await openGraph(address);
    await eventually(lie, sent);
    await closeClean(page);
});

test("what was done can be undone after a reload, to the first step, and done again", async () => {
    const page = await openGraph("/incidents/3/graph");
    const [start] = await held(page);
    const begun = await nodes(page);
    await choose(page, "host:DHCPContoso77");
    await page.keyboard.press("h");
    await choose(page, "ip:23.54.94.45");
    await page.keyboard.press("Delete");
    await page.locator('button[title^="Undo: removed"]').waitFor();
    await eventually(
        () => nodes(page),
        (shown) => shown < begun,
    );
    await drawn(page);
    const done = await nodes(page);
    const address = await addressed(page);
    await page.reload();
    await drawn(page);
    await eventually(() => nodes(page), done);
    assert.equal(await addressed(page), address);
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("u");
    await notice(page, /undone: removed/);
    await page.keyboard.press("u");
    await notice(page, /undone: hid/);
    await eventually(() => held(page).then(([count]) => count), start);
    await eventually(() => nodes(page), begun);
    await page.keyboard.press("U");
    await page.keyboard.press("U");
    await eventually(() => nodes(page), done);
    await closeClean(page);
});

test("a link says why it is there, with rule, time and record", async () => {
    const page = await openGraph("/incidents/7/graph");
    await tab(page, /^List/);
    await page.getByLabel("Find in the graph").fill("GeneratedFindingDomainName");
    const node = page.getByRole("treeitem", { name: /GeneratedFindingDomainName/ }).first();
    await node.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await tab(page, "Details");
    const why = page.locator(".graph-why li").first();
    await eventually(
        () => why.innerText(),
        /involves GeneratedFindingDomainName[\s\S]*2025-08-22 01:40:09[\s\S]*by the rule alert\.entities[\s\S]*guardduty\//,
    );
    await picture(page, "graph-why");
    await why.getByRole("button", { name: "Events" }).click();
    const drawer = page.getByRole("region", { name: /^Rows: involves: the alert that says so/ });
    await drawer.getByText(/SecurityAlert\s*\| where SystemAlertId ==/).waitFor();
    await drawer.getByText("1 row", { exact: true }).waitFor();
    const address = new URL(await drawer.getByRole("link", { name: "Open in Query" }).getAttribute("href"), clew.url);
    assert.equal(address.searchParams.get("lang"), "kql");
    assert.match(address.searchParams.get("text"), /^SecurityAlert\n\| where SystemAlertId == "/);
    await closeClean(page);
});

test("hide, isolate, collapse, pin and path by keyboard, each undone", async () => {
    const page = await openGraph("/incidents/1/graph");
    const start = await nodes(page);
    await choose(page, "host:vm3");
    for (const [key, said] of [
        ["h", "hid vm3"],
        ["i", "isolated vm3"],
        ["-", "collapsed vm3"],
        ["p", "pinned vm3"],
    ]) {
        await choose(page, "host:vm3");
        await page.keyboard.press(key);
        await page.locator(`button[title^="Undo: ${said}"]`).waitFor();
        await page.keyboard.press("u");
        await notice(page, `undone: ${said}`);
    }
    await eventually(() => nodes(page), start);
    await choose(page, "host:vm3");
    await page.keyboard.press("w");
    await page.locator(".graph-toolbar").getByText("Path from vm3").waitFor();
    await tab(page, /^List/);
    await page.getByLabel("Find in the graph").fill("");
    await page
        .getByRole("treeitem", { name: /^Account/ })
        .first()
        .click();
    await notice(page, /shortest path from vm3/);
    await page.keyboard.press("Escape");
    await closeClean(page);
});

test("the pointer: resting on an entity lists its queries, a click on a line says why, a drag pins", async () => {
    const page = await openGraph("/incidents/1/graph");
    const stage = await page.locator(".graph-stage").boundingBox();
    const at = async (id) => {
        const place = await page.evaluate((name) => window.clewGraph.screenOf(name), id);
        return { x: stage.x + place.x, y: stage.y + place.y };
    };
    const host = await at("host:vm3");
    await page.mouse.move(host.x, host.y);
    await page.getByRole("dialog", { name: "Exploration queries of vm3" }).getByText("Related alerts", { exact: true }).waitFor();
    await page.mouse.move(stage.x + 8, stage.y + 8);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const edge = await page.evaluate(() => window.clewGraph.edgeMiddles()[0]);
    await page.mouse.click(stage.x + edge.x, stage.y + edge.y);
    await page.getByRole("heading", { name: "Why linked" }).waitFor();
    await page.mouse.move(host.x, host.y);
    await page.mouse.down();
    await page.mouse.move(host.x + 40, host.y + 30, { steps: 4 });
    await page.mouse.up();
    await page.locator('button[title^="Undo: moved vm3"]').waitFor();
    await drawn(page);
    const moved = await eventually(
        () => at("host:vm3"),
        (place) => Math.abs(place.x - host.x - 40) < 2 && Math.abs(place.y - host.y - 30) < 2,
    );
    await page.mouse.click(moved.x, moved.y, { button: "right" });
    await page.getByRole("menu", { name: "vm3" }).getByRole("menuitem", { name: /Unpin/ }).click();
    await page.locator('button[title^="Undo: unpinned vm3"]').waitFor();
    await closeClean(page);
});

test("an alert that a question found joins the incident, and its entities with it", async () => {
    const page = await openGraph("/incidents/1/graph");
    await choose(page, "host:vm3");
    await page.keyboard.press("Enter");
    await notice(page, /all links of vm3/);
    await tab(page, /^List/);
    await page.getByLabel("Find in the graph").fill("An event log was cleared");
    const alert = page.getByRole("treeitem", { name: /An event log was cleared/ });
    await eventually(() => alert.innerText(), /outside/);
    await alert.click();
    await tab(page, "Details");
    await page.getByRole("button", { name: "Add to the incident" }).click();
    await page.getByText("Added An event log was cleared to the incident").waitFor();
    await page
        .getByText(/Alert.* in the incident/)
        .first()
        .waitFor();
    await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back").waitFor();
    await closeClean(page);
});

test("arrow keys walk the picture and say where they are", async () => {
    const page = await openGraph("/incidents/7/graph");
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("status").filter({ hasText: "Incident Multi-stage activity" }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page
        .getByRole("status")
        .filter({ hasText: /links shown/ })
        .waitFor();
    await page.keyboard.press("?");
    await page.getByText("Exploration queries of the node").waitFor();
    await closeClean(page);
});

test("as of an instant only what had begun is there; all of it comes back", async () => {
    const page = await openGraph("/incidents/3/graph");
    const all = await nodes(page);
    await page
        .getByText(/24 alerts|25 alerts/)
        .first()
        .waitFor();
    await page.getByText(/alerts and changes/).waitFor();
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("]");
    await page.getByText(/^as of 20/).waitFor();
    await eventually(
        () => nodes(page),
        (shown) => shown < all,
    );
    await picture(page, "graph-as-of");
    await page.getByRole("button", { name: "All", exact: true }).click();
    await eventually(() => nodes(page), all);
    await closeClean(page);
});

test("the slider goes from moment to moment, and what a mark says stands inside the window", async () => {
    const page = await openGraph("/incidents/7/graph");
    await page.getByText(/alerts and changes/).waitFor();
    const { value } = await clew.get("/timeline?of=incident:7&order=newest&limit=1");
    await page.getByRole("slider", { name: "As of" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText(`as of ${value[0].time.slice(0, 19).replace("T", " ")}`, { exact: true }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByText("all of time", { exact: true }).waitFor();
    const lanes = await page.locator(".parallel-lanes").boundingBox();
    assert.equal(lanes.height % 22, 0);
    const tip = page.locator(".parallel-tip");
    // The bars of the alerts without a tactic run through the lane above the last one.
    await eventually(async () => {
        await page.mouse.move(lanes.x + 500, lanes.y + 10);
        await page.mouse.move(lanes.x + 500, lanes.y + lanes.height - 33);
        return tip.count();
    }, 1);
    const box = await tip.boundingBox();
    assert.ok(box.y > 0 && box.y + box.height <= 900 && box.x > 0 && box.x + box.width <= 1440, JSON.stringify(box));
    await closeClean(page);
});

test("numbers of the graph and of its timeline say what was asked", async () => {
    const page = await openGraph("/incidents/7/graph");
    await page.getByRole("button", { name: "Show query: Nodes and links of the graph" }).click();
    await page.getByText(/GET \/v1\/neighbors\?node=incident:/).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show query: Alerts, changes and events" }).click();
    await page
        .getByText(/GET \/v1\/timeline\?of=/)
        .first()
        .waitFor();
    await page.keyboard.press("Escape");
    const counts = page.locator(".graph-legend [data-question]");
    await eventually(() => counts.first().innerText(), "27");
    const { text } = JSON.parse(await counts.first().getAttribute("data-question"));
    assert.equal((await clew.send("POST", "/query", { lang: "sql", text })).rows.length, 27);
    await closeClean(page);
});

test("a brushed window dims the graph and leaves with a click", async () => {
    const page = await openGraph("/incidents/3/graph");
    await page.getByText(/alerts and changes/).waitFor();
    const head = await page.locator(".parallel-head").boundingBox();
    await page.mouse.move(head.x + head.width * 0.2, head.y + 8);
    await page.mouse.down();
    await page.mouse.move(head.x + head.width * 0.4, head.y + 8, { steps: 3 });
    await page.mouse.up();
    await page.getByLabel("Clear the window").click();
    await page.getByLabel("Clear the window").waitFor({ state: "detached" });
    await page.locator(".graph-stage").focus();
    await page.keyboard.press("u");
    await page.getByLabel("Clear the window").waitFor();
    await closeClean(page);
});

test("the picture leaves as SVG, PNG and JSON", async () => {
    const page = await openGraph("/incidents/7/graph", { theme: "light" });
    const take = async (name) => {
        await page.getByRole("button", { name: "Export" }).click();
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
        return readFileSync(await download.path());
    };
    const svg = (await take("Picture as SVG")).toString();
    assert.match(svg, /^<svg [^>]*>.*Multi-stage activity on/s);
    assert.equal((await take("Picture as PNG")).subarray(1, 4).toString(), "PNG");
    const json = JSON.parse((await take("Nodes and links as JSON")).toString());
    assert.deepEqual([json.nodes.length, json.edges.length], [47, 240]);
    await picture(page, "graph-light");
    await closeClean(page);
});

test("layouts by time and by tactic have their columns", async () => {
    const page = await openGraph("/incidents/7/graph");
    const seen = new Set();
    const taken = { Tactic: () => picture(page, "graph-tactic"), Time: () => picture(page, "graph-time") };
    for (const [name, take] of Object.entries(taken)) {
        const button = page.getByRole("group", { name: "Layout" }).getByRole("button", { name });
        await button.click();
        await eventually(
            () => page.evaluate(() => window.clewGraph.bands().join()),
            (bands) => bands.includes(",") && !seen.has(bands) && seen.add(bands),
        );
        await drawn(page);
        await take();
    }
    await closeClean(page);
});

test("the timeline tab pages through all items, filters them and leaves as a file", async () => {
    const page = await clew.open();
    await page.go("/incidents/4/timeline");
    await page.getByText("138 alerts · 377 events · 1 incident").waitFor();
    const list = page.locator(".timeline-rows .virtual");
    const row = (time) => page.locator(".timeline-row button", { hasText: time });
    // The list grows as its pages come in: its end moves away until the last one is there.
    await eventually(
        async () => {
            await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
            return row("2019-01-15 17:15:1").count();
        },
        (count) => count > 0,
    );
    await list.evaluate((element) => element.scrollTo(0, 0));
    await row("2019-01-15 01:42:28").click();
    await page.getByRole("complementary", { name: "Item" }).getByText("SecurityEvent").first().waitFor();
    await picture(page, "timeline");
    await page.go("/incidents/4/timeline?kind=alert&severity=Low");
    await page.getByText(/^5 alerts$/).waitFor();
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    assert.equal(
        readFileSync(await download.path(), "utf8")
            .trim()
            .split("\r\n").length,
        6,
    );
    await closeClean(page);
});
