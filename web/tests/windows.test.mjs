// The page as people have it: in half a screen, magnified, under a finger, in the colours of the system, on paper, with a colleague beside,
// and with a session that ends in the middle of a sentence.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, sequence, started } from "./support.mjs";

const clew = started();

const { send } = clew;

const focused = (page) => page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`);

test("every screen has a title of its own, and the keyboard arrives at its heading", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    await complete(page);
    assert.equal(await page.title(), "Incidents · clew");
    for (const [keys, title, heading] of [
        ["ga", "Alerts · clew", "Alerts"],
        ["gq", "Query · clew", "Query"],
        ["gd", "Admin: Health · clew", "Admin"],
    ]) {
        await sequence(page, ...keys);
        await eventually(() => page.title(), title);
        await eventually(() => focused(page), `H1 ${heading}`);
    }
    await page.go("/incidents/6/graph");
    await eventually(() => page.title(), "6 Graph · SSH Anomalous Login ML · clew");
    await page.go("/incidents/no-such");
    await page.getByRole("link", { name: "Search for no-such" }).waitFor();
    await closeClean(page, { refused: true });
});

test("Graph beside an alert and on the screen of an entity opens the graph of it", async () => {
    const page = await clew.open();
    await page.go("/alerts");
    await page.locator("[role=row][aria-selected]").first().click();
    await page.getByRole("complementary", { name: "Alert" }).getByRole("link", { name: "Graph" }).click();
    await page.getByText(/nodes and .* links, drawn/).waitFor();
    await page.go("/entities/host:msticalertswin1");
    await page.getByRole("banner").waitFor();
    await page.locator("main").getByRole("link", { name: "Graph", exact: true }).click();
    await page.getByText(/nodes and .* links, drawn/).waitFor();
    assert.match(page.url(), /of=host%3Amsticalertswin1/);
    await closeClean(page);
});

/** What can be pressed in the heads of the screen and stands beyond the window. */
const beyond = (page) =>
    page.evaluate(() =>
        [
            ...document.querySelectorAll(
                ":is(.screen-head, .incident-head, .card-head, .query-tools, .query-side > .segments, .result-head) :is(a, button)",
            ),
        ]
            .filter((one) => one.getBoundingClientRect().right > innerWidth)
            .map((one) => one.textContent),
    );

test("in a window of half a screen, and at 200 percent, nothing that can be pressed is cut off", async () => {
    const page = await clew.open({ width: 720, height: 450 });
    const query = `/query?${new URLSearchParams({ lang: "kql", text: "Alerts | take 5" })}`;
    for (const path of ["/incidents?sel=7", "/alerts", "/incidents/7", "/incidents/7/graph", query, "/admin/retention", "/proposals"]) {
        await page.go(path);
        await complete(page);
        assert.deepEqual(await beyond(page), [], path);
    }
    await page.go("/incidents/7/timeline");
    const message = page.getByText("198.51.100.0 is performing SSH brute force");
    await message.waitFor();
    assert.ok((await message.boundingBox()).width > 150, "what happened can be read");
    await page.go("/incidents/7/graph");
    await complete(page);
    assert.ok((await page.locator(".graph-stage").boundingBox()).height >= 300, "the picture has room");
    await closeClean(page);
});

test("on a phone the current tab is in sight, a pane without an answer closes, a chart is drawn in its own pixels", async () => {
    const page = await clew.open({ width: 390, height: 844 });
    await page.go("/incidents/7/activity");
    await complete(page);
    const box = await page.getByRole("tab", { name: "Activity" }).boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 390);
    await page.go("/incidents?sel=no-such");
    const refused = page.getByRole("complementary", { name: "Preview of the incident" }).getByRole("alert");
    await refused.getByText("incident_unknown").waitFor();
    // Nobody has a shell here: what the hint says of commands stays out, the page's own way stands there.
    assert.doesNotMatch(await refused.innerText(), /`clew /);
    await refused.getByRole("link", { name: "Open Incidents" }).waitFor();
    await page.getByRole("button", { name: "Close the preview" }).click();
    await page.getByRole("grid", { name: "Incidents" }).waitFor();
    await page.go(
        `/query?${new URLSearchParams({ lang: "kql", text: "Alerts | summarize n = count() by Severity | render columnchart" })}`,
    );
    const plane = page.locator(".chart-plane");
    await eventually(
        () => plane.evaluate((one) => one.viewBox.baseVal.width - one.getBoundingClientRect().width),
        (difference) => Math.abs(difference) < 1,
    );
    assert.deepEqual(await broken(page), []);
    await closeClean(page, { refused: true });
});

test("a finger moves the plane or a node, never both, and a second finger means the plane", async () => {
    const page = await clew.open({ width: 1024, height: 768, context: { hasTouch: true } });
    await page.go("/incidents/6/graph");
    await complete(page);
    await page.waitForFunction(() => window.clewGraph?.atRest());
    const fingers = await page.context().newCDPSession(page);
    const touch = (type, ...at) =>
        fingers.send("Input.dispatchTouchEvent", {
            type,
            touchPoints: at.map(([x, y], id) => ({ x: Math.round(x), y: Math.round(y), id })),
        });
    const drag = async ([x, y], dx, dy) => {
        await touch("touchStart", [x, y]);
        for (let step = 1; step <= 5; step += 1) await touch("touchMove", [x + (dx * step) / 5, y + (dy * step) / 5]);
        await touch("touchEnd");
        await page.waitForFunction(() => window.clewGraph?.atRest());
    };
    const box = await page.locator(".graph-box").boundingBox();
    const camera = () => page.evaluate(() => window.clewGraph.camera());
    const node = await page.evaluate(() => window.clewGraph.picture.nodes.find((one) => one.node.kind === "incident").node.id);
    const at = async () => {
        const { x, y } = await page.evaluate((id) => window.clewGraph.screenOf(id), node);
        return [box.x + x, box.y + y];
    };
    const [first, lay] = [await camera(), await at()];
    await drag(lay, 40, -30);
    assert.deepEqual(await camera(), first);
    const moved = await at();
    assert.ok(Math.hypot(moved[0] - lay[0] - 40, moved[1] - lay[1] + 30) < 3, "the node lies where the finger left it");
    await drag([box.x + 12, box.y + 12], 50, 20);
    const second = await camera();
    assert.deepEqual([Math.round(second.x - first.x), Math.round(second.y - first.y), second.k], [50, 20, first.k]);
    const [x, y] = await at();
    await touch("touchStart", [x, y]);
    await touch("touchStart", [x, y], [x + 60, y]);
    for (let step = 1; step <= 5; step += 1) await touch("touchMove", [x - step * 8, y], [x + 60 + step * 8, y]);
    await touch("touchEnd");
    await page.waitForFunction(() => window.clewGraph?.atRest());
    assert.ok((await camera()).k > first.k * 1.5, "two fingers magnify");
    await closeClean(page);
});

test("where the system gives the colours, severities, bars and what is chosen are still seen", async () => {
    const page = await clew.open({ context: { forcedColors: "active" } });
    await page.go("/incidents/7");
    await complete(page);
    const style = (selector, name) =>
        page
            .locator(selector)
            .first()
            .evaluate((one, of) => getComputedStyle(one)[of], name);
    for (const part of [".severity-mark > i.on", ".histogram-bar > i", ".dot"]) {
        assert.equal(await style(part, "forcedColorAdjust"), "none", part);
    }
    assert.equal(await style(".tab[aria-selected=true]", "outlineStyle"), "solid");
    assert.equal(await style(".rail-item[aria-current]", "outlineStyle"), "solid");
    assert.equal(await style(".tab[aria-selected=false]", "outlineStyle"), "none");
    await closeClean(page);
});

/** The colours of a canvas that fill more than a trace of it; where lines meet the ground there are traces of many more. */
const coloursOf = (page, selector) =>
    page
        .locator(selector)
        .first()
        .evaluate((canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            const counts = new Map();
            for (let at = 0; at < data.length; at += 4) {
                const colour = `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`;
                counts.set(colour, (counts.get(colour) ?? 0) + 1);
            }
            return [...counts].filter(([, count]) => count > width * height * 0.002).map(([colour]) => colour);
        });

/** What the browser says that names of colours mean; how opaque a selection is does not count. */
const meaning = (page, ...names) =>
    page.evaluate(
        (all) =>
            all.map((name) => {
                const probe = document.body.appendChild(document.createElement("i"));
                probe.style.setProperty("forced-color-adjust", "none");
                probe.style.color = name;
                const { color } = getComputedStyle(probe);
                probe.remove();
                return `rgb(${color
                    .match(/[\d.]+/g)
                    .slice(0, 3)
                    .join(", ")})`;
            }),
        names,
    );

test("graph, timeline and charts are drawn in the colours of the system, as soon as it gives them and no longer", async () => {
    const page = await clew.open({ context: { forcedColors: "active" } });
    await page.go("/incidents/7/graph");
    await complete(page);
    await page.waitForFunction(() => window.clewGraph?.atRest());
    const system = await meaning(page, "Canvas", "CanvasText", "Highlight", "LinkText", "GrayText");
    const isSystem = (seen) => seen.length > 1 && seen[0] !== undefined && seen.every((colour) => system.includes(colour));
    const canvases = [".graph-canvas", ".parallel-head", ".parallel-lanes canvas"];
    for (const canvas of canvases) await eventually(() => coloursOf(page, canvas), isSystem);
    await page.emulateMedia({ forcedColors: "none" });
    const [ground] = await meaning(page, "var(--ground)");
    assert.ok(!system.includes(ground));
    for (const canvas of [".graph-canvas", ".parallel-lanes canvas"])
        await eventually(
            () => coloursOf(page, canvas),
            (seen) => seen.includes(ground) && !isSystem(seen),
        );
    await page.emulateMedia({ forcedColors: "active" });
    for (const canvas of canvases) await eventually(() => coloursOf(page, canvas), isSystem);
    const text = "Alerts | summarize n = count() by bin(StartTime, 1d), ProductName | render columnchart";
    await page.go(`/query?${new URLSearchParams({ lang: "kql", text })}`);
    const fills = () =>
        page.locator(".chart-plane g[fill]").evaluateAll((all) =>
            all.map(
                (one) =>
                    `rgb(${getComputedStyle(one)
                        .fill.match(/[\d.]+/g)
                        .slice(0, 3)
                        .join(", ")})`,
            ),
        );
    await eventually(fills, (seen) => seen.length > 2 && seen.every((colour) => system.includes(colour)) && new Set(seen).size > 2);
    await closeClean(page);
});

test("on a phone the editor comes first, and tables and queries lie over it when asked for", async () => {
    const page = await clew.open({ width: 390, height: 844 });
    await page.go("/query?lang=kql");
    await complete(page);
    const side = page.getByRole("complementary", { name: "Tables and queries" });
    const editor = page.getByRole("textbox", { name: "Query" });
    await editor.waitFor();
    assert.equal(await side.isVisible(), false);
    assert.ok((await editor.boundingBox()).y < 250, "the editor is at the top");
    const open = page.getByRole("button", { name: "Tables", exact: true });
    await open.click();
    await side.waitFor();
    assert.deepEqual(await broken(page), []);
    await page.keyboard.press("Escape");
    await side.waitFor({ state: "hidden" });
    await eventually(() => focused(page), "BUTTON Tables");
    await open.click();
    await side.getByRole("button", { name: "Saved" }).click();
    await side.getByRole("button", { name: /KQL$/ }).first().click();
    await side.waitFor({ state: "hidden" });
    await eventually(() => editor.innerText(), /\S/);
    await closeClean(page);
});

test("on paper there is all of a screen and nothing of what only a screen has, black on white", async () => {
    const page = await clew.open({ height: 500 });
    await page.go("/incidents/7");
    await complete(page);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.getByRole("navigation", { name: "Screens" }).isVisible(), false);
    assert.equal(await page.getByRole("banner").isVisible(), false);
    await eventually(() => page.evaluate(() => document.documentElement.dataset.theme), "light");
    assert.ok(await page.evaluate(() => document.documentElement.scrollHeight > 700), "no part of it is scrolled away");
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await eventually(() => page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await closeClean(page);
});

test("who is not the first to change something sees what the other did and can change it all the same", async () => {
    const page = await clew.open();
    await page.go("/incidents/5");
    const severity = page.getByRole("complementary", { name: "Details of the incident" }).getByRole("button", { name: /^Severity/ });
    await severity.waitFor();
    // The page looks only when the test is done with the incident.
    await page.route("**/v1/stats", (route) => route.abort());
    await send("PATCH", "/incidents/5", { severity: "Medium" });
    await severity.click();
    await page.getByRole("button", { name: "High" }).click();
    await page.getByText("Somebody else changed it meanwhile").waitFor();
    await page.unroute("**/v1/stats");
    await severity.getByText("Medium").waitFor();
    await page.keyboard.press("Control+z");
    await page.getByRole("button", { name: "Change it all the same" }).click();
    await severity.getByText("High").waitFor();
    page.faults = page.faults.filter((fault) => !/ERR_FAILED/.test(fault));
    await closeClean(page, { refused: true });
});

test("what was begun outlasts a reload and a session that ends, and nothing of it outlasts signing out", async () => {
    const admin = (await send("POST", "/keys", { name: "chief", role: "admin" })).secret;
    const ana = await send("POST", "/keys", { name: "ana", role: "responder" }, admin);
    const page = await clew.open();
    await page.go("/incidents/7/notes");
    const signIn = page.getByRole("form", { name: "Sign in" });
    await signIn.getByLabel("Key").fill(ana.secret);
    await page.keyboard.press("Enter");
    const field = page.getByRole("textbox", { name: "Comment", exact: true });
    await field.fill("Half a sent");
    await page.reload();
    await eventually(() => field.inputValue(), "Half a sent");
    await send("POST", `/keys/${ana.key.id}/revoke`, undefined, admin);
    await page.getByRole("button", { name: "Add comment" }).click();
    await signIn.getByLabel("Key").fill((await send("POST", "/keys", { name: "ana", role: "responder" }, admin)).secret);
    await page.keyboard.press("Enter");
    await eventually(() => field.inputValue(), "Half a sent");
    await page.getByRole("button", { name: "ana" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You signed out.").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await closeClean(page, { refused: true });
});
