// The report of an incident as Markdown. Texts of alerts are quoted, so that none of them is markup.

import { said } from "../incident/activity";
import { tacticCounts } from "../incident/overview";
import { readNote, readTask } from "../incident/remark";
import { formatCount, formatSpan } from "../state/time";
import { markdown as quoted } from "../timeline/export";
import { kindLabel, spaced } from "../ui/kinds";
import type { Collected } from "./collect";

/** An instant as reports write it: in UTC, whatever the page shows. */
export function utc(time: string | null | undefined): string {
    if (!time) return "";
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? time : `${date.toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** How long an incident lasted. */
export function lasted(first: string | null | undefined, last: string | null | undefined): string {
    return first && last ? formatSpan(Date.parse(last) - Date.parse(first)) : "";
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]) =>
    rows.length === 0
        ? ""
        : `| ${heads.join(" | ")} |\n|${" --- |".repeat(heads.length)}\n${rows.map((row) => `| ${row.map((cell) => quoted(cell)).join(" | ")} |\n`).join("")}`;

const section = (title: string, text: string) => (text.trim() ? `\n## ${title}\n\n${text.trimEnd()}\n` : "");

/** The facts of the incident, those without a value left out. */
export function factsOf({ incident }: Collected): [string, string][] {
    const all: [string, string][] = [
        ["Number", incident.number ? String(incident.number) : ""],
        ["Severity", incident.severity],
        ["Status", incident.status],
        ["Owner", incident.owner ?? "unassigned"],
        [
            "Classification",
            [incident.classification, incident.classification_reason]
                .filter(Boolean)
                .map((word) => spaced(word ?? ""))
                .join(", "),
        ],
        ["Remark on closing", incident.classification_comment ?? ""],
        ["First activity", utc(incident.first_activity)],
        ["Last activity", utc(incident.last_activity)],
        ["Duration", lasted(incident.first_activity, incident.last_activity)],
        ["Opened", utc(incident.created)],
        ["Products", incident.products.join(", ")],
        ["Tactics", incident.tactics.map(spaced).join(", ")],
        ["Techniques", incident.techniques.join(", ")],
        ["Tags", incident.tags.join(", ")],
        ["Alerts", formatCount(incident.alerts)],
        ["Entities", formatCount(incident.entities.length)],
        ["Id", incident.id],
    ];
    return all.filter(([, value]) => value !== "");
}

/** The whole report. */
export function markdownReport(of: Collected): string {
    const { incident } = of;
    const comments = incident.comments.map(readNote).filter((note) => note !== null);
    const tasks = incident.tasks.map(readTask).filter((task) => task !== null);
    const parts = [
        `# Incident ${incident.number ?? incident.id}: ${quoted(incident.title)}\n`,
        `\nWritten ${utc(of.made)} by clew from document ${formatCount(incident.seq)}. All times are UTC.\n`,
        `\n${table(["Fact", "Value"], factsOf(of))}`,
        section(
            "What is said of it",
            incident.description
                .split("\n")
                .map((line) => `> ${quoted(line)}`)
                .join("\n"),
        ),
        section(
            "Tactics",
            table(
                ["Tactic", "Alerts"],
                [...tacticCounts(incident.tactics, incident.alerts_list)].map(([tactic, count]) => [spaced(tactic), formatCount(count)]),
            ),
        ),
        section(
            "Alerts",
            table(
                ["Began (UTC)", "Severity", "Alert", "Product", "Tactics", "Id"],
                incident.alerts_list.map((alert) => [
                    utc(alert.start),
                    alert.severity,
                    alert.title,
                    alert.product,
                    alert.tactics.map(spaced).join(", "),
                    alert.id,
                ]),
            ),
        ),
        section(
            "Entities",
            table(
                ["Kind", "Entity", "First seen (UTC)", "Last seen (UTC)", "Reference"],
                incident.entities.map((entity) => [kindLabel(entity.kind), entity.label, utc(entity.first), utc(entity.last), entity.id]),
            ),
        ),
        section(
            "Timeline",
            table(
                ["Time (UTC)", "Kind", "Severity", "What happened", "Source"],
                of.timeline.map((item) => [utc(item.time), item.kind, item.severity ?? "", item.message, item.source]),
            ) + (of.more > 0 ? `\n${formatCount(of.more)} more raw events are in clew.\n` : ""),
        ),
        section("Tasks", tasks.map((task) => `- [${task.completed ? "x" : " "}] ${quoted(task.title)}\n`).join("")),
        section(
            "Comments",
            comments
                .map(
                    (note) =>
                        `**${quoted(note.author || "Unknown")}**, ${utc(note.at)}\n\n${note.text
                            .split("\n")
                            .map((line) => `> ${line.replaceAll("<", "&lt;")}`)
                            .join("\n")}\n`,
                )
                .join("\n"),
        ),
        section(
            "Similar incidents",
            table(
                ["Number", "Incident", "Status", "Score", "Because of"],
                of.similar.map((row) => [
                    String(row.number ?? ""),
                    row.title,
                    row.status,
                    row.score.toFixed(2),
                    row.terms
                        .slice(0, 4)
                        .map((term) => `${term.kind} ${term.value}`)
                        .join(", "),
                ]),
            ),
        ),
        section(
            "Changes",
            table(
                ["Time (UTC)", "Who", "What", "Field", "Before", "After"],
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
    return parts.join("");
}
