// Columns of alert lists.
import type { AlertRow } from "../api/types";
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
        width: "96px",
        weight: 5,
        cell: (row) =>
            row.incidents[0] ? (
                <a href={nodeHref(`incident:${row.incidents[0]}`)} tabIndex={-1} title={row.incidents.join(", ")}>
                    {row.incidents[0].slice(0, 8)}
                    {row.incidents.length > 1 && ` +${row.incidents.length - 1}`}
                </a>
            ) : (
                <span class="faint">none</span>
            ),
    },
];

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
