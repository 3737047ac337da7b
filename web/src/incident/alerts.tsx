// The incident's alerts: all of them, narrowed by severity, tactic or words, with one beside.
import { alertColumns, csvColumns } from "../alerts/columns";
import { AlertPane } from "../alerts/pane";
import type { AlertRow, IncidentDetail } from "../api/types";
import { href, param, paramList, setParams } from "../router/router";
import { csvLine, saveFile } from "../state/csv";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { severities, severityTone, spaced } from "../ui/kinds";
import { Empty } from "../ui/states";
import { DataTable } from "../ui/table";

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
    const counts = new Map<string, number>();
    for (const alert of incident.alerts_list) counts.set(alert.severity, (counts.get(alert.severity) ?? 0) + 1);
    const chosen = narrow.severity;
    return (
        <div class="split tab-split">
            <div class="split-main">
                <div class="tab-tools">
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
                    {severities
                        .filter((name) => counts.has(name))
                        .map((name) => (
                            <button
                                key={name}
                                type="button"
                                class={`severity-count ${severityTone(name)}`}
                                aria-pressed={chosen.includes(name)}
                                onClick={() =>
                                    setParams({
                                        severity: chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name],
                                    })
                                }
                            >
                                <i class="dot" />
                                {name} <strong class="number">{formatCount(counts.get(name))}</strong>
                            </button>
                        ))}
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
                    <span class="faint number">{formatCount(rows.length)}</span>
                    <a class="button quiet" href={href("/alerts", { incident: incident.id })}>
                        <Icon name="alert" />
                        In the alert list
                    </a>
                    <button type="button" class="button quiet" onClick={() => save(incident, rows)}>
                        <Icon name="download" />
                        CSV
                    </button>
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
                    />
                )}
            </div>
            {selected && <AlertPane key={selected} id={selected} onClose={() => setParams({ sel: null }, { replace: true })} />}
        </div>
    );
}

function save(incident: IncidentDetail, rows: readonly AlertRow[]): void {
    const lines = rows.map((row) => csvLine(csvColumns.map(([, value]) => value(row))));
    saveFile(`incident-${incident.number ?? incident.id}-alerts.csv`, "text/csv;charset=utf-8", [
        csvLine(csvColumns.map(([label]) => label)),
        ...lines,
    ]);
}
