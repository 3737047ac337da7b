// The alert list: every alert, in or outside incidents, one by one or as groups of repeats.
import { useLoad } from "../api/resource";
import type { AlertRow, FacetAnswer } from "../api/types";
import { seq } from "../app/live";
import { Fitting, ListTools } from "../list/head";
import { PagedList } from "../list/list";
import { usePages } from "../list/pages";
import { SeverityButtons } from "../list/severities";
import { useTicks } from "../list/ticks";
import { navigate, nodeHref, param, place, setParams } from "../router/router";
import { CSV_PAGE_ROWS, saveList } from "../state/csv";
import { readFilter } from "../state/filters";
import { alertsWhere } from "../state/sql";
import { FilterBar } from "../ui/filterbar";
import { useKeys } from "../ui/keys";
import { Empty } from "../ui/states";
import { AlertBulk } from "./bulk";
import { csvColumns, listColumns, repeatColumns } from "./columns";
import { type AlertQuery, fields, type Grouping, groupings, loadCounters, loadFacets, loadGroups, loadPage } from "./model";
import { AlertPane } from "./pane";

export function AlertsScreen({ selected }: { selected: string }) {
    const group = groupings.find(([id]) => id === param("by"))?.[0] ?? "title";
    const query: AlertQuery = { filter: readFilter(fields, place.value.params), sort: param("sort"), group };
    const grouped = param("view") === "repeats";
    const key = JSON.stringify(query);
    const counters = useLoad((signal) => loadCounters(JSON.parse(key), signal), `alert counters ${key}`, seq.value);
    const facets = useLoad(loadFacets, "alert facets", seq.value);
    const close = () => navigate(`/alerts${window.location.search}`, { replace: true });
    useKeys("Alerts", [
        { keys: "Escape", label: "Close the alert", run: close },
        { keys: "y", label: "Group repeats or not", run: () => setParams({ view: grouped ? null : "repeats" }) },
    ]);
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Alerts</h1>
                <div class="segments" role="group" aria-label="View">
                    <button type="button" aria-pressed={!grouped} onClick={() => setParams({ view: null })}>
                        One by one
                    </button>
                    <button type="button" aria-pressed={grouped} onClick={() => setParams({ view: "repeats" })}>
                        Repeats
                    </button>
                </div>
                <span class="grow" />
                <ListTools
                    query={{ lang: "sql", text: alertsWhere(query.filter) }}
                    save={() => saveList("alerts", csvColumns, (cursor, signal) => loadPage(query, { cursor }, CSV_PAGE_ROWS, signal))}
                />
            </div>
            <div class="severity-labels severity-row" role="group" aria-label="Severities">
                <SeverityButtons counts={counters.data?.severity ?? {}} chosen={query.filter.severity ?? []} />
            </div>
            {grouped ? (
                <>
                    <div class="filter-row">
                        <label class="line">
                            <span class="faint">Alike by</span>
                            <select
                                class="field"
                                value={group}
                                onChange={(event) => setParams({ by: event.currentTarget.value, sel: null })}
                            >
                                {groupings.map(([id, label]) => (
                                    <option key={id} value={id}>
                                        {label}
                                    </option>
                                ))}
                            </select>
                        </label>
                        <FilterBar fields={fields} filter={query.filter} facets={facets.data ?? []} />
                    </div>
                    <div class="split">
                        <div class="split-main">
                            <RepeatTable query={query} group={group} />
                        </div>
                    </div>
                </>
            ) : (
                <AlertTable query={query} facets={facets.data ?? []} selected={selected} onClose={close} />
            )}
        </div>
    );
}

function AlertTable({
    query,
    facets,
    selected,
    onClose,
}: {
    query: AlertQuery;
    facets: readonly FacetAnswer[];
    selected: string;
    onClose: () => void;
}) {
    const { pages, key, onRange } = usePages(query, loadPage);
    const { of: ticked, ticks, clear } = useTicks(key, pages, (row: AlertRow) => row.id);
    const open = (row: AlertRow) => navigate(nodeHref(`alert:${row.id}`) + window.location.search, { replace: true });
    return (
        <>
            <div class="filter-row">
                {ticks.state !== "none" ? (
                    <AlertBulk query={query} pages={pages} of={ticked} onAll={() => ticks.setAll(true)} onClear={clear} />
                ) : (
                    <>
                        <FilterBar fields={fields} filter={query.filter} facets={facets} />
                        <span class="grow" />
                        <Fitting noun="alert" total={pages.total} />
                    </>
                )}
            </div>
            <div class="split">
                <div class="split-main">
                    <PagedList
                        label="Alerts"
                        pages={pages}
                        columns={listColumns}
                        rowKey={(row) => row.id}
                        current={selected}
                        onCurrent={open}
                        onOpen={open}
                        onRange={onRange}
                        sort={query.sort || "time"}
                        onSort={(sort) => setParams({ sort })}
                        ticks={ticks}
                        empty={<NoAlert />}
                    />
                </div>
                {selected && <AlertPane key={selected} id={selected} onClose={onClose} />}
            </div>
        </>
    );
}

function RepeatTable({ query, group }: { query: AlertQuery; group: Grouping }) {
    const { pages, onRange } = usePages({ ...query, group }, loadGroups);
    const keyOf = (row: AlertRow) => row.group?.key ?? row.id;
    const open = (row: AlertRow) => setParams({ view: null, by: group, group_key: [keyOf(row)], sel: null });
    return (
        <PagedList
            label="Repeats"
            pages={pages}
            columns={repeatColumns}
            rowKey={keyOf}
            current={param("sel")}
            onCurrent={(row) => setParams({ sel: keyOf(row) }, { replace: true })}
            onOpen={open}
            onRange={onRange}
            sort={query.sort || "time"}
            onSort={(sort) => setParams({ sort })}
            empty={<NoAlert />}
        />
    );
}

function NoAlert() {
    const open = fields.some((field) => param(field.id) !== "");
    if (open) {
        return (
            <Empty
                title="No alert fits"
                actions={
                    <a class="button" href="/alerts">
                        Show all alerts
                    </a>
                }
            />
        );
    }
    return (
        <Empty
            title="No alerts yet"
            actions={
                <a class="button" href="/admin/sources">
                    Take files in
                </a>
            }
        >
            Give clew your exports: drop them on the page under Admin, or use <code>clew ingest FILE</code>.
        </Empty>
    );
}
