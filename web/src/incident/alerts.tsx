// The incident's alerts: all of them, narrowed by severity, tactic or words, with one beside.
import { useState } from "preact/hooks";
import { alertColumns, csvColumns } from "../alerts/columns";
import { AlertPane } from "../alerts/pane";
import { ask } from "../api/client";
import type { AlertRow, IncidentDetail } from "../api/types";
import { BulkBar } from "../list/bulkbar";
import { SeverityButtons } from "../list/severities";
import { useTicks } from "../list/ticks";
import { href, param, paramList, past, setParams } from "../router/router";
import { csvLine, saveFile } from "../state/csv";
import { alertsWith, sqlText } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { severities, spaced } from "../ui/kinds";
import { asked, ShowQuery } from "../ui/showquery";
import { Empty } from "../ui/states";
import { DataTable } from "../ui/table";
import { alertsQuestion } from "./asked";
import { changed } from "./change";
import { SplitOff } from "./joining";

interface Narrow {
    words: string;
    tactic: string;
    severity: readonly string[];
    sort: string;
}

const rank = (alert: AlertRow) => severities.findIndex((severity) => severity === alert.severity);
const text = (value: string | null | undefined) => value ?? "";
const orders: Record<string, (a: AlertRow, b: AlertRow) => number> = {
    time: (a, b) => text(b.start).localeCompare(text(a.start)),
    severity: (a, b) => rank(a) - rank(b) || text(b.start).localeCompare(text(a.start)),
    title: (a, b) => a.title.localeCompare(b.title),
};

/** The alerts that fit, in order. */
export function narrowed(alerts: readonly AlertRow[], narrow: Narrow): AlertRow[] {
    const words = narrow.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = alerts.filter(
        (alert) =>
            words.every((word) => alert.title.toLowerCase().includes(word)) &&
            (!narrow.tactic || alert.tactics.includes(narrow.tactic)) &&
            (narrow.severity.length === 0 || narrow.severity.includes(alert.severity)),
    );
    const order = orders[narrow.sort.replace(/^-/, "")] ?? orders.time;
    found.sort(order);
    return narrow.sort.startsWith("-") ? found.reverse() : found;
}

/** What narrows the alerts, as a condition on their table. */
export function conditionOf({ words, tactic, severity }: Narrow): string {
    return [
        ...words
            .toLowerCase()
            .split(/\s+/)
            .filter(Boolean)
            .map((word) => `strpos(lower(Title), ${sqlText(word)}) > 0`),
        ...(tactic ? [alertsWith.tactic(tactic)] : []),
        ...(severity.length > 0 ? [`Severity IN (${severity.map(sqlText).join(", ")})`] : []),
    ].join(" AND ");
}

export function AlertsTab({ incident }: { incident: IncidentDetail }) {
    const narrow: Narrow = {
        words: param("title"),
        tactic: param("tactic"),
        severity: paramList("severity"),
        sort: param("sort") || "time",
    };
    const rows = narrowed(incident.alerts_list, narrow);
    const selected = param("sel");
    const select = (row: AlertRow) => setParams({ sel: row.id }, { replace: true });
    useKeys("Alerts of the incident", [
        { keys: "Escape", label: "Close the alert", run: () => setParams({ sel: null }, { replace: true }) },
    ]);
    const key = JSON.stringify([incident.id, narrow]);
    const { of: ticked, ticks, clear } = useTicks(key, { known: () => rows.entries(), total: rows.length }, (row: AlertRow) => row.id);
    const counts = new Map<string, number>();
    for (const alert of incident.alerts_list) counts.set(alert.severity, (counts.get(alert.severity) ?? 0) + 1);
    const chosen = narrow.severity;
    return (
        <div class="split tab-split">
            <div class="split-main">
                <div class="tab-tools">
                    {ticks.state !== "none" ? (
                        <AlertDeeds
                            incident={incident}
                            alerts={rows.filter((row) => ticks.has(row.id)).map((row) => row.id)}
                            all={ticked.all}
                            total={rows.length}
                            onAll={() => ticks.setAll(true)}
                            onClear={clear}
                        />
                    ) : (
                        <>
                            <div class="filter-search">
                                <Icon name="search" />
                                <input
                                    type="search"
                                    value={narrow.words}
                                    placeholder="Words of the title"
                                    aria-label="Words of the title"
                                    onInput={(event) => setParams({ title: event.currentTarget.value }, { replace: true })}
                                />
                            </div>
                            <SeverityButtons
                                counts={Object.fromEntries(counts)}
                                chosen={chosen}
                                question={(name) => alertsQuestion(incident.id, `${name} alerts`, alertsWith.severity(name))}
                            />
                            {narrow.tactic && (
                                <span class="pill">
                                    <span class="pill-button">
                                        <span class="faint">Tactic</span>
                                        {spaced(narrow.tactic)}
                                    </span>
                                    <button
                                        type="button"
                                        class="pill-remove"
                                        aria-label="Remove the filter Tactic"
                                        onClick={() => setParams({ tactic: null })}
                                    >
                                        <Icon name="close" />
                                    </button>
                                </span>
                            )}
                            <span class="grow" />
                            <span class="faint number" {...asked(alertsQuestion(incident.id, "Alerts that fit", conditionOf(narrow)))}>
                                {formatCount(rows.length)}
                            </span>
                            <ShowQuery {...alertsQuestion(incident.id, "Alerts of the incident", conditionOf(narrow))} />
                            <a class="button quiet" href={href("/alerts", { incident: incident.id })}>
                                <Icon name="alert" />
                                In the alert list
                            </a>
                            <button type="button" class="button quiet" onClick={() => save(incident, rows)}>
                                <Icon name="download" />
                                CSV
                            </button>
                        </>
                    )}
                </div>
                {rows.length === 0 ? (
                    <Empty title={incident.alerts_list.length === 0 ? "No alert of this incident is here" : "No alert fits"}>
                        {incident.alerts_list.length === 0
                            ? "The incident came without its alerts. Give clew the alert export, and they join it by their ids."
                            : "Remove a filter above."}
                    </Empty>
                ) : (
                    <DataTable
                        label="Alerts of the incident"
                        columns={alertColumns}
                        count={rows.length}
                        row={(index) => rows[index]}
                        rowKey={(row) => row.id}
                        current={selected}
                        onCurrent={select}
                        onOpen={select}
                        sort={narrow.sort}
                        onSort={(sort) => setParams({ sort })}
                        {...(past.value ? {} : { ticks })}
                    />
                )}
            </div>
            {selected && <AlertPane key={selected} id={selected} onClose={() => setParams({ sel: null }, { replace: true })} />}
        </div>
    );
}

interface DeedsProps {
    incident: IncidentDetail;
    alerts: readonly string[];
    all: boolean;
    total: number;
    onAll: () => void;
    onClear: () => void;
}

/** What can be done with ticked alerts of an incident: split them off, take them out. */
function AlertDeeds({ incident, alerts, all, total, onAll, onClear }: DeedsProps) {
    const [splitting, setSplitting] = useState(false);
    const what = alerts.length === 1 ? "1 alert" : `${formatCount(alerts.length)} alerts`;
    const takeOut = async () => {
        const body = { add: [], remove: [...alerts] };
        if (await changed(ask("update_incident_alerts", { id: incident.id }, { body }), `${what} taken out of the incident`)) onClear();
    };
    useKeys("Ticked alerts of the incident", [
        { keys: "s", needs: "respond", label: "Split them off into a new incident", run: () => setSplitting(true) },
        { keys: "Escape", label: "Tick none", run: onClear },
    ]);
    return (
        <BulkBar
            noun="alert"
            count={alerts.length}
            total={total}
            all={all}
            onAll={onAll}
            onClear={onClear}
            looks={
                <a class="button quiet small" href={href("/graph", { of: alerts.slice(0, GRAPH_MAX).map((id) => `alert:${id}`) })}>
                    <Icon name="graph" />
                    Graph
                </a>
            }
        >
            <button type="button" class="button quiet small" onClick={() => setSplitting(true)}>
                <Icon name="incident" />
                Split off
            </button>
            <button type="button" class="button quiet small" onClick={() => void takeOut()}>
                <Icon name="minus" />
                Take out
            </button>
            {splitting && (
                <SplitOff
                    incident={{ ...incident, number: incident.number ?? null }}
                    alerts={alerts}
                    onDone={(done) => {
                        setSplitting(false);
                        if (done) onClear();
                    }}
                />
            )}
        </BulkBar>
    );
}

/** Alerts that a graph begins with at the most. */
const GRAPH_MAX = 40;

function save(incident: IncidentDetail, rows: readonly AlertRow[]): void {
    const lines = rows.map((row) => csvLine(csvColumns.map(([, value]) => value(row))));
    saveFile(`incident-${incident.number ?? incident.id}-alerts.csv`, "text/csv;charset=utf-8", [
        csvLine(csvColumns.map(([label]) => label)),
        ...lines,
    ]);
}
