// The report of an incident as one HTML file that needs nothing else: styles, graph and timeline are inside, scripts are forbidden in it.
import type { TimelineItem } from "../api/types";
import { said } from "../incident/activity";
import { tacticCounts } from "../incident/overview";
import { readNote, readTask } from "../incident/remark";
import { formatCount } from "../state/time";
import { kindLabel, severityTone, spaced, tactics } from "../ui/kinds";
import { type Block, type Inline, readMarkdown } from "../ui/markdown";
import { unturned } from "../ui/turned";
import type { Collected } from "./collect";
import { factsOf, utc } from "./markdown";

/** A text inside markup. */
export function escaped(text: string): string {
    return unturned(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const STYLE = `
:root{--text:#171b24;--muted:#4d5768;--faint:#5f6a7c;--line:#e2e5eb;--soft:#f5f6f8;--accent:#3f4fd6;
--critical:#c01e3a;--high:#dc5238;--medium:#d48f12;--low:#2f7fd1;--informational:#7c8798;--unknown:#a8b0bd}
*{box-sizing:border-box}body{margin:0 auto;max-width:1080px;padding:40px 32px 80px;color:var(--text);background:#fff;
font:13.5px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif}
h1{font-size:26px;line-height:1.25;letter-spacing:-.01em;margin:4px 0 6px}h2{font-size:17px;margin:36px 0 10px;padding-bottom:6px;border-bottom:1px solid var(--line)}
.faint{color:var(--faint)}.muted{color:var(--muted)}nav{display:flex;flex-wrap:wrap;gap:4px 14px;margin:14px 0 22px}a{color:var(--accent);text-decoration:none}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr) max-content minmax(0,1fr);gap:6px 18px;margin:0;padding:16px;background:var(--soft);border-radius:8px}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:12.5px}th{text-align:left;color:var(--faint);font-weight:500;padding:5px 8px;border-bottom:1px solid #c6ccd7;white-space:nowrap}
td{padding:5px 8px;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}td.long{overflow-wrap:anywhere}td.n{white-space:nowrap;font-variant-numeric:tabular-nums}
.dot{display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:6px;background:var(--tone,#a8b0bd)}
.tone-critical{--tone:var(--critical)}.tone-high{--tone:var(--high)}.tone-medium{--tone:var(--medium)}.tone-low{--tone:var(--low)}.tone-informational{--tone:var(--informational)}.tone-unknown{--tone:var(--unknown)}
.tactics{display:grid;grid-template-columns:repeat(7,minmax(0,1fr));gap:4px}.tactics>li{overflow-wrap:anywhere;padding:6px 7px;border-radius:5px;background:var(--soft);color:var(--faint);font-size:10.5px;line-height:1.25;overflow:hidden}
.tactics>li.seen{background:#eceefe;color:var(--accent);font-weight:600;box-shadow:inset 0 2px 0 #4f5fe6}.tactics b{display:block;font-size:14px}ul.tactics{list-style:none;margin:0;padding:0}
.graph{border:1px solid var(--line);border-radius:8px;overflow:hidden}.graph svg{display:block;width:100%;height:auto;max-height:760px}
.strip svg{display:block;width:100%;height:90px}
.note{padding:12px 16px;margin:0 0 10px;border:1px solid var(--line);border-radius:8px}.note p{white-space:pre-line;margin:6px 0}.note pre,pre{background:var(--soft);padding:8px 12px;border-radius:6px;overflow:auto;white-space:pre-wrap}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em}details{margin:0 0 6px}summary{cursor:pointer;padding:4px 0}
details>div{padding:4px 0 12px 18px;border-left:2px solid var(--line)}
@media (max-width:760px){.tactics{grid-template-columns:repeat(auto-fill,minmax(110px,1fr))}}
@media print{body{padding:0;max-width:none}nav{display:none}h2{break-after:avoid}tr,.note{break-inside:avoid}details>summary{list-style:none}}
`;

type Cell = string | { html: string };
const cellHtml = (cell: Cell) => (typeof cell === "string" ? escaped(cell) : cell.html);

/** A word longer than this may be broken; in others a break would make two words of one. */
const WORD_MAX = 24;

/** The class of a cell: the first column stands on one line, what is long may be broken anywhere. */
function cellClass(cell: Cell, at: number): string {
    if (at === 0) return ' class="n"';
    const text = typeof cell === "string" ? cell : cell.html.replace(/<[^>]*>/g, "");
    return text.split(/\s+/).some((word) => word.length > WORD_MAX) ? ' class="long"' : "";
}

function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
    const head = heads.map((name) => `<th scope="col">${escaped(name)}</th>`).join("");
    const body = rows.map((row) => `<tr>${row.map((cell, at) => `<td${cellClass(cell, at)}>${cellHtml(cell)}</td>`).join("")}</tr>`);
    return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table>`;
}

const severity = (name: string | null | undefined): Cell => ({
    html: name ? `<span class="${severityTone(name)}"><i class="dot"></i>${escaped(name)}</span>` : "",
});

interface Section {
    readonly id: string;
    readonly title: string;
    readonly html: string;
}

/** The whole file. */
export function htmlReport(of: Collected): string {
    const { incident } = of;
    const sections = sectionsOf(of).filter((section) => section.html !== "");
    const name = `Incident ${incident.number ?? incident.id}: ${incident.title}`;
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="clew">
<title>${escaped(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<div class="faint">Incident ${escaped(String(incident.number ?? incident.id))} · written ${escaped(utc(of.made))} from document ${formatCount(incident.seq)} · all times are UTC</div>
<h1>${escaped(incident.title)}</h1>
<nav>${sections.map(({ id, title }) => `<a href="#${id}">${escaped(title)}</a>`).join("")}</nav>
<dl>${factsOf(of)
        .map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`)
        .join("")}</dl>
</header>
${sections.map(({ id, title, html }) => `<section id="${id}"><h2>${escaped(title)}</h2>\n${html}\n</section>`).join("\n")}
</body>
</html>
`;
}

function sectionsOf(of: Collected): Section[] {
    const { incident } = of;
    const comments = incident.comments.map(readNote).filter((note) => note !== null);
    const tasks = incident.tasks.map(readTask).filter((task) => task !== null);
    const section = (id: string, title: string, count: number, html: () => string): Section => ({
        id,
        title,
        html: count === 0 ? "" : html(),
    });
    return [
        section(
            "about",
            "What is said of it",
            incident.description.length,
            () => `<div class="muted">${blocks(readMarkdown(incident.description))}</div>`,
        ),
        section("tactics", "Tactics", 1, () => tacticStrip(of)),
        section("graph", "Graph", of.graph.length, () => `<div class="graph">${of.graph}</div>`),
        section("alerts", "Alerts", incident.alerts_list.length, () => alertTable(of)),
        section("entities", "Entities", incident.entities.length, () =>
            table(
                ["Kind", "Entity", "First seen", "Last seen", "Relations", "Reference"],
                incident.entities.map((entity) => [
                    kindLabel(entity.kind),
                    entity.label,
                    utc(entity.first),
                    utc(entity.last),
                    formatCount(entity.degree),
                    { html: `<code>${escaped(entity.id)}</code>` },
                ]),
            ),
        ),
        section("timeline", "Timeline", of.timeline.length, () => strip(of.timeline) + timelineTable(of)),
        section("tasks", "Tasks", tasks.length, () =>
            table(
                ["Done", "Task"],
                tasks.map((task) => [task.completed ? "yes" : "no", task.title]),
            ),
        ),
        section("comments", "Comments", comments.length, () =>
            comments
                .map(
                    (note) =>
                        `<div class="note"><b>${escaped(note.author || "Unknown")}</b> <span class="faint">${escaped(utc(note.at))}</span>${blocks(readMarkdown(note.text))}</div>`,
                )
                .join("\n"),
        ),
        section("similar", "Similar incidents", of.similar.length, () =>
            table(
                ["Number", "Incident", "Status", "Score", "Because of"],
                of.similar.map((row) => [
                    String(row.number ?? ""),
                    row.title,
                    row.status,
                    row.score.toFixed(2),
                    row.terms.map((term) => `${term.kind} ${term.value} (+${term.weight.toFixed(2)})`).join(", "),
                ]),
            ),
        ),
        section("changes", "Changes", of.activity.length, () =>
            table(
                ["Time", "Who", "What", "Field", "Before", "After"],
                of.activity.flatMap((change) =>
                    change.fields.map((field) => [
                        utc(change.time),
                        change.actor,
                        change.action,
                        field.field,
                        said(field.before),
                        said(field.after),
                    ]),
                ),
            ),
        ),
    ];
}

function tacticStrip({ incident }: Collected): string {
    const counts = tacticCounts(incident.tactics, incident.alerts_list);
    const others = [...counts.keys()].filter((one) => !tactics.some((known) => known === one));
    const items = [...tactics, ...others].map((tactic) => {
        const count = counts.get(tactic);
        const number = count === undefined ? "" : `<b>${formatCount(count)}</b>`;
        return `<li${count === undefined ? "" : ' class="seen"'}>${escaped(spaced(tactic))}${number}</li>`;
    });
    return `<ul class="tactics">${items.join("")}</ul>`;
}

function alertTable({ incident, alerts }: Collected): string {
    const list = table(
        ["Began", "Severity", "Alert", "Product", "Tactics"],
        incident.alerts_list.map((alert) => [
            utc(alert.start),
            severity(alert.severity),
            alert.title,
            alert.product,
            alert.tactics.map(spaced).join(", "),
        ]),
    );
    const told = alerts
        .filter((alert) => alert.description || alert.remediation.length > 0)
        .map(
            (alert) =>
                `<details><summary>${escaped(alert.title)} <span class="faint">${escaped(utc(alert.start))}</span></summary><div><p>${escaped(alert.description)}</p>${
                    alert.remediation.length > 0 ? `<ol>${alert.remediation.map((step) => `<li>${escaped(step)}</li>`).join("")}</ol>` : ""
                }<p class="faint"><code>${escaped(alert.id)}</code>, ${escaped(alert.entities_list.map((entity) => entity.label).join(", "))}</p></div></details>`,
        );
    return list + (told.length > 0 ? `<h3>In full</h3>${told.join("\n")}` : "");
}

function timelineTable(of: Collected): string {
    const rows = of.timeline.map((item): Cell[] => [utc(item.time), item.kind, severity(item.severity), item.message, item.source]);
    const more = of.more > 0 ? `<p class="faint">${formatCount(of.more)} more raw events are in clew.</p>` : "";
    return table(["Time", "Kind", "Severity", "What happened", "Source"], rows) + more;
}

const STRIP = { width: 1000, height: 90, columns: 120 };
const MARKS: readonly (readonly [string, string])[] = [
    ["event", "#0f8280"],
    ["alert", "#c9353d"],
    ["incident", "#b83280"],
    ["status", "#b83280"],
];

/** What happened when, as bars. */
export function strip(items: readonly TimelineItem[]): string {
    const dated = items
        .flatMap((item) => (item.time ? [{ at: Date.parse(item.time), kind: item.kind }] : []))
        .filter(({ at }) => Number.isFinite(at));
    if (dated.length < 2) return "";
    const first = Math.min(...dated.map(({ at }) => at));
    const span = Math.max(1, Math.max(...dated.map(({ at }) => at)) - first);
    const bins = Array.from({ length: STRIP.columns }, (): Record<string, number> => ({}));
    for (const { at, kind } of dated) {
        const bin = bins[Math.min(STRIP.columns - 1, Math.floor(((at - first) / span) * STRIP.columns))];
        if (bin) bin[kind] = (bin[kind] ?? 0) + 1;
    }
    const total = (bin: Record<string, number>) => Object.values(bin).reduce((sum, count) => sum + count, 0);
    const most = Math.max(...bins.map(total));
    const wide = STRIP.width / STRIP.columns;
    const bars = bins.flatMap((bin, index) => {
        const all = total(bin);
        let bottom = STRIP.height - 16;
        return MARKS.flatMap(([kind, colour]) => {
            const count = bin[kind] ?? 0;
            if (count === 0) return [];
            const height = Math.max(2, (Math.sqrt(all / most) * (STRIP.height - 22) * count) / all);
            bottom -= height;
            return [
                `<rect x="${(index * wide).toFixed(1)}" y="${bottom.toFixed(1)}" width="${(wide - 1.5).toFixed(1)}" height="${height.toFixed(1)}" rx="1" fill="${colour}"/>`,
            ];
        });
    });
    const text = (x: number, anchor: string, at: number) =>
        `<text x="${x}" y="${STRIP.height - 2}" text-anchor="${anchor}" font-size="11" fill="#5f6a7c">${escaped(utc(new Date(at).toISOString()))}</text>`;
    return `<div class="strip"><svg viewBox="0 0 ${STRIP.width} ${STRIP.height}" preserveAspectRatio="none" role="img" aria-label="Activity over time">${bars.join("")}${text(0, "start", first)}${text(STRIP.width, "end", first + span)}</svg></div>`;
}

/** Markdown as markup: the texts in it are escaped. */
export function blocks(all: readonly Block[]): string {
    return all.map(block).join("");
}

function block(one: Block): string {
    switch (one.kind) {
        case "heading":
            return `<p><b>${inline(one.inner)}</b></p>`;
        case "paragraph":
            return `<p>${inline(one.inner)}</p>`;
        case "quote":
            return `<blockquote>${inline(one.inner)}</blockquote>`;
        case "code":
            return `<pre>${escaped(one.text)}</pre>`;
        case "rule":
            return "<hr>";
        case "list": {
            const items = one.items.map((item) => `<li>${inline(item)}</li>`).join("");
            return one.ordered ? `<ol>${items}</ol>` : `<ul>${items}</ul>`;
        }
    }
}

function inline(parts: readonly Inline[]): string {
    return parts.map(inlinePart).join("");
}

function inlinePart(part: Inline): string {
    switch (part.kind) {
        case "text":
            return escaped(part.text);
        case "code":
            return `<code>${escaped(part.text)}</code>`;
        case "link":
            return `<a href="${escaped(part.href)}" rel="noopener noreferrer">${escaped(part.text)}</a>`;
        case "strong":
            return `<strong>${inline(part.inner)}</strong>`;
        case "em":
            return `<em>${inline(part.inner)}</em>`;
    }
}
