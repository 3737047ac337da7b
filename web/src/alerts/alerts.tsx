// The alert list: every alert, in or outside incidents, one by one or as groups of repeats. The address is the query.
import type { RefObject } from "preact";
import { useRef, useState } from "preact/hooks";
import { useLoad } from "../api/resource";
import type { FacetAnswer } from "../api/types";
import { seq } from "../app/live";
import { ColumnChoice, shownColumns } from "../list/columns";
import { CounterStrip, type StateCounter } from "../list/counters";
import { Fitting, ListTools } from "../list/head";
import { PagedList } from "../list/list";
import { usePages } from "../list/pages";
import { ListSearch } from "../list/searchbox";
import { useTicks } from "../list/ticks";
import { isViews, type View, type ViewKind, Views } from "../list/views";
import { navigate, nodeHref, param, paramList, place, setParams } from "../router/router";
import { useTitle } from "../router/title";
import { saveList } from "../state/csv";
import { type Filter, readFilter } from "../state/filters";
import { alertKql } from "../state/kql";
import { useMine } from "../state/me";
import { stored } from "../state/stored";
import { WHOLE_PAGE_ROWS } from "../state/whole";
import { FilterBar } from "../ui/filterbar";
import { useKeys } from "../ui/keys";
import { printList } from "../ui/paper";
import { Empty } from "../ui/states";
import { AlertBulk, RepeatBulk } from "./bulk";
import { chosenColumns, csvColumns, listColumns, repeatColumns, usualColumns } from "./columns";
import {
    type AlertQuery,
    fields,
    groupings,
    groupKey,
    groupQuery,
    groupsQuestion,
    isSearch,
    type ListRow,
    loadCounters,
    loadFacets,
    loadGroups,
    loadPage,
    orderOf,
    questionOf,
    sortable,
} from "./model";
import { AlertPane } from "./pane";

const states: readonly StateCounter[] = [
    ["Open", "open", ["New", "InProgress"]],
    ["New", "New", ["New"]],
    ["In progress", "InProgress", ["InProgress"]],
    ["Resolved", "Resolved", ["Resolved"]],
    ["Dismissed", "Dismissed", ["Dismissed"]],
];

const views: ViewKind = {
    prefix: "alert-view/",
    path: "/alerts",
    built: [
        { name: "All alerts", search: "" },
        { name: "Open", search: "status=open" },
        { name: "Open and mine", search: "status=open&owner=me" },
        { name: "Open, in no incident", search: "status=open&incident=none" },
        { name: "Repeats", search: "view=repeats" },
        { name: "Repeats, most first", search: "view=repeats&sort=count" },
    ],
    own: stored<View[]>("alerts.views", [], isViews),
    question: "Which alerts fit this view of the alert list?",
    kql: (params) => alertKql(readFilter(fields, params), params.get("sort") ?? "", params.get("q") ?? ""),
};

/** What both views of the list share: the query, and the parts of the row above the table. */
interface Parts {
    query: AlertQuery;
    /** The filter as the address has it. */
    filter: Filter;
    field: RefObject<HTMLInputElement | null>;
    facets: readonly FacetAnswer[];
    counting: (filter: Filter, of: string) => ReturnType<typeof questionOf>;
}

export function AlertsScreen({ selected }: { selected: string }) {
    useTitle("Alerts");
    const group = groupings.find(([id]) => id === param("by"))?.[0] ?? "title";
    const filter = readFilter(fields, place.value.params);
    const query: AlertQuery = { text: param("q"), filter: useMine(filter), sort: param("sort"), group, places: paramList("field") };
    const grouped = param("view") === "repeats";
    const key = JSON.stringify(query);
    const counters = useLoad((signal) => loadCounters(JSON.parse(key), signal), `alert counters ${key}`, seq.value);
    const facets = useLoad(loadFacets, "alert facets", seq.value);
    const field = useRef<HTMLInputElement>(null);
    const [left, setLeft] = useState<readonly string[]>([]);
    const close = () => navigate(`/alerts${window.location.search}`, { replace: true });
    const counting = (other: Filter, of: string) => questionOf({ ...query, filter: other }, of);
    useKeys("Alerts", [
        { keys: "f", label: "Search in the alerts", run: () => field.current?.select() },
        { keys: "Escape", label: "Close the alert", run: close },
        { keys: "y", label: "Group repeats or not", run: () => setParams({ view: grouped ? null : "repeats", sel: null }) },
    ]);
    const parts: Parts = { query, filter, field, facets: facets.data ?? [], counting };
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Alerts</h1>
                <Views kind={views} />
                <div class="segments" role="group" aria-label="View">
                    <button type="button" aria-pressed={!grouped} onClick={() => setParams({ view: null, sel: null })}>
                        One by one
                    </button>
                    <button type="button" aria-pressed={grouped} onClick={() => setParams({ view: "repeats", sel: null })}>
                        Repeats
                    </button>
                </div>
                <span class="grow" />
                <ListTools
                    query={questionOf(query, "Alerts")}
                    save={() => saveList("alerts", csvColumns, (cursor, signal) => loadPage(query, { cursor }, WHOLE_PAGE_ROWS, signal))}
                    print={() =>
                        printList(grouped ? repeatColumns(query) : shownColumns(listColumns, chosenColumns), (cursor, signal) =>
                            (grouped ? loadGroups : loadPage)({ ...query, group }, { cursor }, WHOLE_PAGE_ROWS, signal),
                        )
                    }
                >
                    {!grouped && <ColumnChoice columns={listColumns} chosen={chosenColumns} usual={usualColumns} left={left} />}
                </ListTools>
            </div>
            <CounterStrip states={states} counters={counters.data} filter={query.filter} question={counting} />
            {grouped ? (
                <RepeatTable {...parts} group={group} />
            ) : (
                <AlertTable {...parts} selected={selected} onLeft={setLeft} onClose={close} />
            )}
        </div>
    );
}

function Narrow({ query, filter, field, facets, counting }: Parts) {
    return (
        <>
            <ListSearch
                field={field}
                text={query.text ?? ""}
                label="Search in the alerts"
                hint="id, title, tag, owner, product, or entity:name"
            />
            <FilterBar fields={fields} filter={filter} facets={facets} count={counting} />
            <span class="grow" />
        </>
    );
}

function AlertTable({
    selected,
    onLeft,
    onClose,
    ...parts
}: Parts & { selected: string; onLeft: (ids: readonly string[]) => void; onClose: () => void }) {
    const { query } = parts;
    const { pages, key, onRange } = usePages(query, loadPage, !isSearch(query));
    const { of: ticked, ticks, clear } = useTicks(key, pages, (row: ListRow) => row.id);
    const open = (row: ListRow) => navigate(nodeHref(`alert:${row.id}`) + window.location.search, { replace: true });
    const canSort = sortable(query);
    const columns = shownColumns(listColumns, chosenColumns).map((column) =>
        column.sort && !canSort(column.sort) ? { ...column, sort: "" } : column,
    );
    return (
        <>
            <div class="filter-row">
                {ticks.state !== "none" ? (
                    <AlertBulk query={query} pages={pages} of={ticked} onAll={() => ticks.setAll(true)} onClear={clear} />
                ) : (
                    <>
                        <Narrow {...parts} />
                        <Fitting noun="alert" total={pages.total} question={questionOf(query, "Alerts that fit")} />
                    </>
                )}
            </div>
            <div class="split">
                <div class="split-main">
                    <PagedList
                        label="Alerts"
                        pages={pages}
                        columns={columns}
                        rowKey={(row) => row.id}
                        current={selected}
                        onCurrent={open}
                        onOpen={open}
                        onRange={onRange}
                        sort={orderOf(query)}
                        onSort={(sort) => setParams({ sort })}
                        ticks={ticks}
                        onLeft={onLeft}
                        empty={<NoAlert />}
                    />
                </div>
                {selected && <AlertPane key={selected} id={selected} onClose={onClose} />}
            </div>
        </>
    );
}

function RepeatTable({ group, ...parts }: Parts & { group: string }) {
    const { query } = parts;
    const { pages, key, onRange } = usePages({ ...query, group }, loadGroups);
    const { of: ticked, ticks, clear } = useTicks(key, pages, groupKey);
    const alerts = useLoad(async (signal) => (await loadPage(query, { offset: 0 }, 1, signal)).total, `alerts in groups ${key}`, seq.value);
    const open = (row: ListRow) => {
        const { filter, text } = groupQuery(query, groupKey(row));
        setParams({ view: null, by: group, q: text ?? "", group_key: filter.group_key ?? null, sort: null, sel: null });
    };
    return (
        <>
            <div class="filter-row">
                {ticks.state !== "none" ? (
                    <RepeatBulk
                        query={query}
                        pages={pages}
                        of={ticked}
                        alerts={alerts.data}
                        onAll={() => ticks.setAll(true)}
                        onClear={clear}
                    />
                ) : (
                    <>
                        <Narrow {...parts} />
                        <Alike group={group} />
                        <Fitting noun="group" total={pages.total} question={groupsQuestion(query)} />
                        {alerts.data !== undefined && (
                            <>
                                <span class="faint">of</span>
                                <Fitting noun="alert" total={alerts.data} question={questionOf(query, "Alerts in groups")} />
                            </>
                        )}
                    </>
                )}
            </div>
            <div class="split">
                <div class="split-main">
                    <PagedList
                        label="Repeats"
                        pages={pages}
                        columns={repeatColumns(query)}
                        rowKey={groupKey}
                        current={param("sel")}
                        onCurrent={(row) => setParams({ sel: groupKey(row) }, { replace: true })}
                        onOpen={open}
                        onRange={onRange}
                        sort={query.sort || "time"}
                        onSort={(sort) => setParams({ sort })}
                        ticks={ticks}
                        empty={<NoAlert />}
                    />
                </div>
            </div>
        </>
    );
}

/** How repeats are put together. */
function Alike({ group }: { group: string }) {
    return (
        <label class="line alike">
            <span class="faint">Alike by</span>
            <select class="field" value={group} onChange={(event) => setParams({ by: event.currentTarget.value, sel: null })}>
                {groupings.map(([id, label]) => (
                    <option key={id} value={id}>
                        {label}
                    </option>
                ))}
            </select>
        </label>
    );
}

function NoAlert() {
    const open = param("q") !== "" || fields.some((field) => param(field.id) !== "");
    if (open) {
        return (
            <Empty
                title="No alert fits"
                actions={
                    <a class="button" href="/alerts">
                        Show all alerts
                    </a>
                }
            >
                Remove a pill above, or search other fields, such as entity:ws6.
            </Empty>
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
