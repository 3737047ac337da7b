// Columns of alert lists.
import { nameText, useIncidentName } from "../incident/names";
import { chosenOf } from "../list/columns";
import { href, nodeHref } from "../router/router";
import { entitiesNamed } from "../state/sql";
import { formatCount } from "../state/time";
import { kindLabel } from "../ui/kinds";
import { Severity, Status, Time, Words } from "../ui/parts";
import { asked } from "../ui/showquery";
import type { Column } from "../ui/table";
import { useAlertFacts } from "./facts";
import { overItsTime } from "./fired";
import { type AlertQuery, groupKey, groupQuery, type ListRow, questionOf } from "./model";

export const alertColumns: readonly Column<ListRow>[] = [
    { id: "severity", label: "Severity", width: "126px", sort: "severity", fixed: true, cell: (row) => <Severity name={row.severity} /> },
    {
        id: "title",
        label: "Title",
        width: "minmax(200px, 1fr)",
        sort: "title",
        descending: false,
        fixed: true,
        cell: (row) => <span title={row.title}>{row.title}</span>,
    },
    { id: "resource", label: "Resource", width: "150px", weight: 3, cell: (row) => <ResourceCell id={row.id} /> },
    { id: "status", label: "Status", width: "96px", weight: 3, cell: (row) => <Status name={row.status} /> },
    { id: "product", label: "Product", width: "170px", weight: 4, cell: (row) => <span class="muted">{row.product}</span> },
    { id: "tactics", label: "Tactics", width: "170px", weight: 2, cell: (row) => <Words of={row.tactics} most={1} /> },
    { id: "events", label: "Events", width: "74px", weight: 4.5, right: true, cell: (row) => <EventsCell id={row.id} title={row.title} /> },
    {
        id: "entities",
        label: "Entities",
        width: "72px",
        weight: 1,
        right: true,
        cell: (row) => <span {...asked({ of: `Entities of ${row.title}`, text: entitiesNamed(row.id) })}>{formatCount(row.entities)}</span>,
    },
    { id: "time", label: "Began", width: "168px", weight: 6, time: true, sort: "time", cell: (row) => <Time at={row.start} /> },
];

function ResourceCell({ id }: { id: string }) {
    const resource = useAlertFacts(id)?.resource ?? "";
    return (
        <span class="muted" title={resource}>
            {resource}
        </span>
    );
}

/** How many events the alert's query found when it fired; a click opens the query with what it finds now. */
function EventsCell({ id, title }: { id: string; title: string }) {
    const fired = useAlertFacts(id)?.fired;
    if (!fired) return null;
    const text = overItsTime(fired);
    return (
        <a
            href={href("/query", { lang: "kql", text })}
            tabIndex={-1}
            aria-label={`Events of ${title}: query and rows`}
            {...asked({ of: `Events of ${title}`, lang: "kql", text, recorded: true })}
        >
            {fired.count === undefined ? "query" : formatCount(fired.count)}
        </a>
    );
}

/** The list's columns: those of an incident's alerts, and the incident. */
export const listColumns: readonly Column<ListRow>[] = [
    ...alertColumns,
    {
        id: "incident",
        label: "Incident",
        width: "minmax(110px, 0.45fr)",
        weight: 5,
        cell: (row) => {
            const [first] = row.incidents;
            return first === undefined ? <span class="faint">none</span> : <IncidentCell id={first} others={row.incidents.length - 1} />;
        },
    },
    { id: "end", label: "Ended", width: "168px", weight: 1, time: true, cell: (row) => <Time at={row.end} /> },
    { id: "id", label: "Id", width: "130px", weight: 1, cell: (row) => <code title={row.id}>{row.id}</code> },
];

/** Columns that are shown as long as nothing else was chosen. */
export const usualColumns = ["severity", "title", "resource", "status", "product", "tactics", "time", "incident"];

/** Columns that the person chose. */
export const chosenColumns = chosenOf("alerts.columns", listColumns, usualColumns);

/** The incident of an alert by number and title, and how many others there are. */
function IncidentCell({ id, others }: { id: string; others: number }) {
    const label = nameText(id, useIncidentName(id));
    return (
        <>
            <a href={nodeHref(`incident:${id}`)} tabIndex={-1} title={label}>
                {label}
            </a>
            {others > 0 && (
                <span class="faint" data-plain>
                    {" "}
                    +{others}
                </span>
            )}
        </>
    );
}

/** What the alerts of a group share beside the title that stands there already: their resource by its name alone. */
export function alikeIn({ title, group }: Pick<ListRow, "title" | "group">): string {
    const label = group?.label ?? "";
    if (!label.startsWith(title)) return label;
    const reference = /^ \(([a-z-]+):(.*)\)$/.exec(label.slice(title.length));
    if (!reference) return label.slice(title.length).trim();
    const [, kind = "", name = ""] = reference;
    return `${kindLabel(kind)} ${name.split("/").at(-1)}`;
}

/** Columns of groups; a group's number carries the question that lists its alerts. */
export const repeatColumns = (query: AlertQuery): readonly Column<ListRow>[] => [
    {
        id: "count",
        label: "Alerts",
        width: "84px",
        right: true,
        fixed: true,
        sort: "count",
        cell: (row) => (
            <strong {...asked(questionOf(groupQuery(query, groupKey(row)), `Alerts like ${row.title}`))}>
                {formatCount(row.group?.count ?? 1)}
            </strong>
        ),
    },
    { id: "severity", label: "Severity", width: "126px", sort: "severity", fixed: true, cell: (row) => <Severity name={row.severity} /> },
    {
        id: "title",
        label: "Newest alert",
        width: "minmax(200px, 1fr)",
        sort: "title",
        descending: false,
        fixed: true,
        cell: (row) => <span title={row.title}>{row.title}</span>,
    },
    {
        id: "group",
        label: "Alike in",
        width: "minmax(140px, 0.5fr)",
        weight: 4,
        cell: (row) => (
            <span class="muted" title={row.group?.label}>
                {alikeIn(row)}
            </span>
        ),
    },
    { id: "product", label: "Product", width: "180px", weight: 2, cell: (row) => <span class="muted">{row.product}</span> },
    { id: "first", label: "First", width: "168px", weight: 1, time: true, cell: (row) => <Time at={row.group?.first} /> },
    {
        id: "last",
        label: "Last",
        width: "168px",
        sort: "time",
        weight: 3,
        time: true,
        cell: (row) => <Time at={row.group?.last ?? row.start} />,
    },
];

export const csvColumns: readonly (readonly [string, (row: ListRow) => unknown])[] = [
    ["Id", (row) => row.id],
    ["Title", (row) => row.title],
    ["Severity", (row) => row.severity],
    ["Status", (row) => row.status],
    ["Product", (row) => row.product],
    ["Tactics", (row) => row.tactics],
    ["Incidents", (row) => row.incidents],
    ["Entities", (row) => row.entities],
    ["Start", (row) => row.start],
    ["End", (row) => row.end],
];
