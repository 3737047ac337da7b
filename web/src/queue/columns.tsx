// Columns of the queue.
import { chosenOf } from "../list/columns";
import { incidentHref } from "../router/router";
import { alertsOf } from "../state/sql";
import { formatCount } from "../state/time";
import { spaced } from "../ui/kinds";
import { Severity, Status, Time, Words } from "../ui/parts";
import { asked } from "../ui/showquery";
import type { Column } from "../ui/table";
import type { QueueRow } from "./model";

export const columns: readonly Column<QueueRow>[] = [
    { id: "severity", label: "Severity", width: "126px", sort: "severity", fixed: true, cell: (row) => <Severity name={row.severity} /> },
    {
        id: "number",
        label: "Number",
        width: "72px",
        weight: 8,
        sort: "number",
        right: true,
        cell: (row) => (
            <span class="muted" data-plain>
                {row.number ?? "-"}
            </span>
        ),
    },
    {
        id: "title",
        label: "Title",
        width: "minmax(200px, 1fr)",
        sort: "title",
        descending: false,
        fixed: true,
        cell: (row) => (
            <a href={incidentHref(row)} title={row.title} tabIndex={-1}>
                {row.title}
            </a>
        ),
    },
    {
        id: "alerts",
        label: "Alerts",
        width: "64px",
        weight: 7,
        right: true,
        cell: (row) => <span {...asked({ of: `Alerts of ${row.title}`, text: alertsOf(row.id) })}>{formatCount(row.alerts)}</span>,
    },
    { id: "status", label: "Status", width: "82px", weight: 9, cell: (row) => <Status name={row.status} /> },
    { id: "products", label: "Products", width: "160px", weight: 4, cell: (row) => <Words of={row.products} most={1} plain /> },
    { id: "tactics", label: "Tactics", width: "170px", weight: 5, cell: (row) => <Words of={row.tactics} most={1} /> },
    { id: "owner", label: "Owner", width: "120px", weight: 3, cell: (row) => row.owner ?? <span class="faint">unassigned</span> },
    { id: "tags", label: "Tags", width: "130px", weight: 2, cell: (row) => <Words of={row.tags} most={1} plain /> },
    {
        id: "activity",
        label: "Last activity",
        width: "150px",
        weight: 6,
        time: true,
        sort: "activity",
        cell: (row) => <Time at={row.last_activity} style="minute" />,
    },
    {
        id: "created",
        label: "Created",
        width: "144px",
        weight: 1,
        time: true,
        sort: "created",
        cell: (row) => <Time at={row.created} style="minute" />,
    },
    {
        id: "modified",
        label: "Changed",
        width: "144px",
        weight: 1,
        time: true,
        sort: "modified",
        cell: (row) => <Time at={row.modified} style="minute" />,
    },
    {
        id: "classification",
        label: "Classification",
        width: "140px",
        weight: 2,
        cell: (row) => (row.classification ? spaced(row.classification) : ""),
    },
];

/** Columns that are shown as long as nothing else was chosen. */
export const usualColumns = ["severity", "number", "title", "alerts", "status", "products", "tactics", "owner", "activity"];

/** Columns that the person chose. */
export const chosenColumns = chosenOf("queue.columns", columns, usualColumns);

/** The columns as a CSV has them: every one, times as the API gives them. */
export const csvColumns: readonly (readonly [string, (row: QueueRow) => unknown])[] = [
    ["Number", (row) => row.number],
    ["Id", (row) => row.id],
    ["Title", (row) => row.title],
    ["Severity", (row) => row.severity],
    ["Status", (row) => row.status],
    ["Owner", (row) => row.owner],
    ["Classification", (row) => row.classification],
    ["Alerts", (row) => row.alerts],
    ["Products", (row) => row.products],
    ["Tactics", (row) => row.tactics],
    ["Tags", (row) => row.tags],
    ["FirstActivity", (row) => row.first_activity],
    ["LastActivity", (row) => row.last_activity],
    ["Created", (row) => row.created],
    ["Modified", (row) => row.modified],
];
