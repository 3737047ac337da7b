// Everything that is defined under a name: what its members are, how it is listed, what it would do.
import { formatCount } from "../state/time";
import { Time } from "../ui/parts";
import type { Column } from "../ui/table";
import { Backtest } from "./backtest";
import { Conditions } from "./conditions";
import type { Definition, Kind } from "./definitions";
import { RuleActions, RuleConditions } from "./rules";
import { ExportPlace, RuleTrial, Runs } from "./runs";
import { ExportFilterFields, ExportKinds, ExportScheduleFields, ExportTarget } from "./targets";
import { WatchlistItems } from "./watchlist";

const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : Array.isArray(value) ? value.join(", ") : "";

const nameColumn: Column<Definition> = {
    id: "name",
    label: "Name",
    width: "minmax(200px, 1fr)",
    fixed: true,
    cell: (row) => <strong title={row.id}>{text(row.name) || row.id}</strong>,
};
const count = (label: string): Column<Definition> => ({
    id: "count",
    label,
    width: "110px",
    right: true,
    weight: 3,
    cell: (row) => (typeof row.count === "number" ? formatCount(row.count) : ""),
});
const changed: Column<Definition> = {
    id: "modified",
    label: "Changed",
    width: "150px",
    weight: 1,
    cell: (row) => <Time at={text(row.modified) || null} style="minute" />,
};
const words = (id: string, label: string, width: string, weight: number): Column<Definition> => ({
    id,
    label,
    width,
    weight,
    cell: (row) => <span class="muted">{text(row[id])}</span>,
});
const state = (id: string): Column<Definition> => ({
    id,
    label: "State",
    width: "100px",
    fixed: true,
    cell: (row) => {
        const value = typeof row[id] === "boolean" ? (row[id] ? "Enabled" : "Disabled") : text(row[id]);
        return <span class={`tag ${value === "Enabled" || value === "Active" ? "good" : value === "Expired" ? "warn" : ""}`}>{value}</span>;
    },
});

const suppression: Kind = {
    id: "suppression",
    title: "Suppression",
    noun: "suppression rule",
    about: "Alerts that a rule means are dismissed as they come. What was dismissed stays dismissed when the rule goes.",
    operations: { list: "suppression_rules", put: "put_suppression_rule", remove: "delete_suppression_rule" },
    columns: [
        nameColumn,
        state("state"),
        words("alert_type", "Alert type", "200px", 4),
        words("reason", "Reason", "140px", 2),
        count("Dismissed"),
        changed,
    ],
    begin: { name: "", alert_type: "*", reason: "Noise", state: "Enabled", conditions: [] },
    fields: [
        { name: "name", label: "Name", kind: "text", required: true, hint: "Backup tool on the build hosts" },
        { name: "alert_type", label: "Alert type", kind: "text", required: true, hint: "the type of the alerts; * for all" },
        {
            name: "conditions",
            label: "Only alerts whose",
            kind: "own",
            own: Conditions,
            hint: "Without a condition every alert of the type is dismissed.",
        },
        { name: "reason", label: "Reason", kind: "choice", values: ["FalsePositive", "Noise", "AuthorizedTest", "Other"] },
        { name: "comment", label: "Comment", kind: "long", hint: "Why this is safe" },
        { name: "state", label: "State", kind: "choice", values: ["Enabled", "Disabled"] },
        { name: "expires", label: "Ends", kind: "text", hint: "2027-01-31T00:00:00Z, or never" },
    ],
    trial: (value) => <Backtest operation="backtest_suppression_rule" rule={value} />,
};

const watchlists: Kind = {
    id: "watchlists",
    title: "Watchlists",
    noun: "watchlist",
    about: "Lists of things to watch or to trust; queries read them with _GetWatchlist('id').",
    operations: { list: "watchlists", put: "put_watchlist", remove: "delete_watchlist" },
    columns: [nameColumn, words("key", "Key column", "140px", 3), words("labels", "Labels", "160px", 2), count("Items"), changed],
    begin: { name: "", key: "SearchKey", columns: [] },
    fields: [
        { name: "name", label: "Name", kind: "text", required: true, hint: "High value hosts" },
        { name: "key", label: "Key column", kind: "text", required: true },
        { name: "columns", label: "Columns", kind: "words", hint: "SearchKey, Owner, Note" },
        { name: "description", label: "Description", kind: "long" },
        { name: "labels", label: "Labels", kind: "words" },
    ],
    more: (one) => <WatchlistItems list={one} />,
};

const indicators: Kind = {
    id: "indicators",
    title: "Indicators",
    noun: "threat indicator",
    about: "Signs of threats: what they match is linked in the graph.",
    operations: { list: "indicators", put: "put_indicator", remove: "delete_indicator" },
    columns: [
        nameColumn,
        words("pattern", "Pattern", "minmax(220px, 1fr)", 4),
        words("threat_types", "Threat", "160px", 2),
        words("confidence", "Confidence", "90px", 1),
        changed,
    ],
    begin: { name: "", pattern: "", pattern_type: "stix" },
    fields: [
        { name: "name", label: "Name", kind: "text", required: true },
        { name: "pattern", label: "Pattern", kind: "long", required: true, hint: "[ipv4-addr:value = '198.51.100.7']" },
        { name: "threat_types", label: "Threat types", kind: "words", hint: "malicious-activity" },
        { name: "confidence", label: "Confidence, 0 to 100", kind: "number" },
        { name: "valid_until", label: "Valid until", kind: "text", hint: "2027-01-31T00:00:00Z" },
        { name: "description", label: "Description", kind: "long" },
        { name: "labels", label: "Labels", kind: "words" },
    ],
};

/** A part of a definition that lies inside another. */
const inner = (row: Definition, outer: string, name: string) => {
    const value = row[outer];
    return typeof value === "object" && value !== null ? text((value as Record<string, unknown>)[name]) : "";
};

const automation: Kind = {
    id: "automation",
    title: "Automation",
    noun: "automation rule",
    about: "What is done by itself when an incident or alert appears or changes. A dry run only says what it would do.",
    operations: { list: "automation_rules", put: "put_automation_rule", remove: "delete_automation_rule" },
    columns: [
        nameColumn,
        state("enabled"),
        {
            id: "trigger",
            label: "When",
            width: "180px",
            weight: 4,
            cell: (row) => (
                <span class="muted">
                    {inner(row, "trigger", "on")} {inner(row, "trigger", "when")}
                </span>
            ),
        },
        {
            id: "dry",
            label: "Dry run",
            width: "80px",
            weight: 2,
            cell: (row) => (row.dry_run === true ? <span class="tag accent">dry run</span> : ""),
        },
        changed,
    ],
    begin: {
        name: "",
        enabled: true,
        trigger: { on: "incident", when: "created" },
        conditions: [],
        actions: [{ type: "add_task", title: "Look at it", description: "" }],
        dry_run: true,
    },
    fields: [
        { name: "name", label: "Name", kind: "text", required: true },
        {
            name: "trigger.on",
            label: "Looks at",
            kind: "choice",
            values: [
                ["incident", "incidents"],
                ["alert", "alerts"],
                ["assessment", "assessments of posture"],
            ],
        },
        {
            name: "trigger.when",
            label: "When it is",
            kind: "choice",
            values: [
                ["created", "new"],
                ["updated", "changed"],
            ],
        },
        {
            name: "conditions",
            label: "Only if all of these hold",
            kind: "own",
            own: RuleConditions,
            hint: "Without a condition it runs for every one.",
        },
        { name: "actions", label: "What it does, in this order", kind: "own", own: RuleActions },
        { name: "expires", label: "Ends", kind: "text", hint: "2027-01-31T00:00:00Z, or never" },
        { name: "order", label: "Order: smaller numbers first", kind: "number" },
        { name: "dry_run", label: "Dry run: only say what it would do", kind: "flag" },
        { name: "enabled", label: "Enabled", kind: "flag" },
    ],
    trial: (value) => <RuleTrial rule={value} />,
    more: (one) => <Runs rule={one} />,
};

const exports: Kind = {
    id: "exports",
    title: "Exports",
    noun: "export",
    about: "What changes is written elsewhere as it happens, or as a snapshot at intervals: files, addresses, syslog, Kafka.",
    operations: { list: "exports", put: "put_export", remove: "delete_export" },
    right: "administer",
    columns: [
        nameColumn,
        state("enabled"),
        {
            id: "target",
            label: "Where",
            width: "160px",
            weight: 4,
            cell: (row) => <span class="muted">{inner(row, "target", "type")}</span>,
        },
        words("kinds", "What", "180px", 3),
        changed,
    ],
    begin: { name: "", enabled: true, kinds: ["alert", "incident"], target: { type: "file" } },
    fields: [
        { name: "name", label: "Name", kind: "text", required: true },
        { name: "kinds", label: "What", kind: "own", own: ExportKinds },
        { name: "target", label: "Where it goes", kind: "own", own: ExportTarget },
        { name: "schedule", label: "When", kind: "own", own: ExportScheduleFields },
        { name: "filter", label: "Only those with", kind: "own", own: ExportFilterFields },
        { name: "from_beginning", label: "Begin with all that is there", kind: "flag" },
        { name: "enabled", label: "Enabled", kind: "flag" },
    ],
    more: (one) => <ExportPlace one={one} />,
};

/** Every kind that this page knows. A server that lacks the operations of one does not show it. */
export const kinds: readonly Kind[] = [suppression, automation, exports, watchlists, indicators];
