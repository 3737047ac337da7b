// Columns of alert lists.
import type { AlertRow } from "../api/types";
import { nameText, useIncidentName } from "../incident/names";
import { nodeHref } from "../router/router";
import { formatCount } from "../state/time";
import { Severity, Status, Time, Words } from "../ui/parts";
import type { Column } from "../ui/table";

export const alertColumns: readonly Column<AlertRow>[] = [
    { id: "severity", label: "Severity", width: "126px", sort: "severity", fixed: true, cell: (row) => <Severity name={row.severity} /> },
    {
        id: "title",
        label: "Title",
        width: "minmax(240px, 1fr)",
        sort: "title",
        descending: false,
        fixed: true,
        cell: (row) => <span title={row.title}>{row.title}</span>,
    },
    { id: "status", label: "Status", width: "96px", weight: 3, cell: (row) => <Status name={row.status} /> },
    { id: "product", label: "Product", width: "170px", weight: 4, cell: (row) => <span class="muted">{row.product}</span> },
    { id: "tactics", label: "Tactics", width: "170px", weight: 2, cell: (row) => <Words of={row.tactics} most={1} /> },
    { id: "entities", label: "Entities", width: "72px", weight: 1, right: true, cell: (row) => formatCount(row.entities) },
    { id: "time", label: "Began", width: "168px", weight: 6, sort: "time", cell: (row) => <Time at={row.start} /> },
];

/** The list's columns: those of an incident's alerts, and the incident. */
export const listColumns: readonly Column<AlertRow>[] = [
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
];

/** The incident of an alert by number and title, and how many others there are. */
function IncidentCell({ id, others }: { id: string; others: number }) {
    const label = nameText(id, useIncidentName(id));
    return (
        <>
            <a href={nodeHref(`incident:${id}`)} tabIndex={-1} title={label}>
                {label}
            </a>
            {others > 0 && <span class="faint"> +{others}</span>}
        </>
    );
}

export const repeatColumns: readonly Column<AlertRow>[] = [
    {
        id: "count",
        label: "Alerts",
        width: "80px",
        right: true,
        fixed: true,
        cell: (row) => <strong>{formatCount(row.group?.count ?? 1)}</strong>,
    },
    { id: "severity", label: "Severity", width: "126px", sort: "severity", fixed: true, cell: (row) => <Severity name={row.severity} /> },
    {
        id: "title",
        label: "Newest alert",
        width: "minmax(240px, 1fr)",
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
                {row.group?.label === row.title ? "" : row.group?.label}
            </span>
        ),
    },
    { id: "product", label: "Product", width: "180px", weight: 2, cell: (row) => <span class="muted">{row.product}</span> },
    { id: "first", label: "First", width: "168px", weight: 1, cell: (row) => <Time at={row.group?.first} /> },
    { id: "last", label: "Last", width: "168px", sort: "time", weight: 3, cell: (row) => <Time at={row.group?.last ?? row.start} /> },
];

export const csvColumns: readonly (readonly [string, (row: AlertRow) => unknown])[] = [
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
