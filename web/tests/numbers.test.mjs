// No number without its question: every screen is walked, each number that stands there has to carry a query, and the query counts the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeClean, complete, eventually, started } from "./support.mjs";

const clew = started();

/**
 * The numbers of the screen: texts that are a number, or begin with one and say of what. Times, names, codes and what is marked as no
 * count (`data-plain`: the number of an incident, a place in a file) are none.
 */
const numbers = (page) =>
    page.evaluate(() => {
        const found = [];
        const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
        for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            const text = node.textContent.trim();
            const match = /^(\d[\d,]*)(?: (?:rows?|alerts?|incidents?|entities|groups?|relations|found|more|joins?|events?)\b.*)?$/.exec(
                text,
            );
            const parent = node.parentElement;
            if (!match || !parent || parent.closest("time, code, pre, a.node-link, [data-plain], h1, h2, input, .clip")) continue;
            // What has its own text for a tooltip is a name.
            if (parent.title === text) continue;
            const box = parent.getBoundingClientRect();
            if (box.width === 0) continue;
            const question = parent.closest("[data-question]");
            found.push({
                text,
                count: Number(match[1].replaceAll(",", "")),
                where: `${parent.closest("section, aside, [role=tablist], [role=group], [role=grid]")?.getAttribute("aria-label") ?? "screen"}`,
                question: question ? JSON.parse(question.getAttribute("data-question")) : null,
                // The question of a whole table or card is not about one number of it.
                own: question?.textContent.trim() === text,
            });
        }
        return found;
    });

/** What a query counts: the one number that it gives, or its rows. */
async function counted({ lang = "sql", text }) {
    if (lang === "request") {
        const [method, address] = text.replaceAll(/\n\s+/g, "").split(" ");
        const path = address.replace(/[?].*/, "");
        const query = new URLSearchParams();
        for (const part of address
            .slice(path.length + 1)
            .split("&")
            .filter(Boolean)) {
            const at = part.indexOf("=");
            query.append(part.slice(0, at), part.slice(at + 1));
        }
        const answer = await fetch(`${clew.url}${encodeURI(path)}?${query}`, { method });
        assert.equal(answer.status, 200, `${text}: ${await answer.clone().text()}`);
        return undefined;
    }
    const said = await clew.send("POST", "/query", { lang, text });
    const [first] = said.rows;
    return said.rows.length === 1 && said.columns.length === 1 ? Number(first[0]) : said.rows.length;
}

/** Screens with as many numbers as each must at least have. */
const screens = [
    ["/incidents", 11],
    ["/incidents?q=alerts", 11],
    ["/incidents?status=open&sel=0af4ae4e-0030-5a92-bb5a-1e7239af5ff6", 13],
    ["/alerts", 10],
    ["/alerts?severity=High&product=Amazon%20GuardDuty", 9],
    ["/alerts?q=palo", 7],
    ["/alerts?view=repeats", 20],
    ["/alerts?view=repeats&q=powershell", 8],
    ["/incidents/7", 20],
    ["/incidents/4/alerts", 10],
    ["/incidents/3/alerts?severity=Medium&title=palo", 9],
    ["/incidents/4/entities", 25],
    ["/incidents/7/notes", 6],
    ["/incidents/7/activity", 6],
    ["/entities/host:msticalertswin1", 25],
    ["/search?q=vm1", 7],
    ["/admin", 20],
    ["/admin/sources", 40],
];

test("every number of every list, incident, entity and administration screen carries a query, and the query counts the same", async () => {
    // High enough for all tables of the sources: what is not on the screen is not asked for.
    const page = await clew.open({ height: 4000 });
    const asked = new Map();
    for (const [address, least] of screens) {
        await page.go(address);
        await complete(page);
        const seen = await eventually(
            () => numbers(page),
            (all) => all.length >= least,
        );
        assert.deepEqual(
            seen.filter((one) => one.question === null).map((one) => `${address}: ${one.where}: ${one.text}`),
            [],
        );
        for (const { text, count, question, own, where } of seen) {
            const key = JSON.stringify(question);
            if (!asked.has(key)) asked.set(key, await counted(question));
            const found = asked.get(key);
            if (own && !question.recorded && found !== undefined)
                assert.equal(found, count, `${address}: ${where}: ${text} is not ${found} of ${question.text}`);
        }
    }
    assert.ok(asked.size > 150, `${asked.size} questions`);
    await closeClean(page);
});

test("a right click on a number shows its query; with the lens on, a click and Enter do", async () => {
    const page = await clew.open();
    await page.go("/incidents");
    const high = page.getByRole("button", { name: /^High/ });
    await eventually(() => high.innerText(), /5/);
    await high.locator("strong").click({ button: "right" });
    const card = page.getByRole("dialog", { name: "Query: High" });
    await eventually(() => card.locator("pre").innerText(), /^Incidents\n\| where Severity in \("High"\)/);
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    await page.keyboard.press("Shift+Q");
    await page.getByRole("button", { name: "Show the query of every number", pressed: true }).waitFor();
    await high.focus();
    await page.keyboard.press("Enter");
    await card.getByRole("link", { name: "Open and run" }).click();
    await page.waitForURL(/\/query\?lang=kql/);
    await closeClean(page);
});
