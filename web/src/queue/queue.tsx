// The incident queue: what there is to do. The address is the query.

import { useRef, useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { useLoad } from "../api/resource";
import { seq } from "../app/live";
import { NewIncident } from "../incident/joining";
import { ColumnChoice, shownColumns } from "../list/columns";
import { CounterStrip, type StateCounter } from "../list/counters";
import { Fitting, ListTools } from "../list/head";
import { PagedList } from "../list/list";
import { usePages } from "../list/pages";
import { ListSearch } from "../list/searchbox";
import { useTicks } from "../list/ticks";
import { isViews, type View, type ViewKind, Views } from "../list/views";
import { href, incidentHref, navigate, param, paramList, place, setParams } from "../router/router";
import { useTitle } from "../router/title";
import { saveList } from "../state/csv";
import { type Filter, readFilter } from "../state/filters";
import { incidentKql } from "../state/kql";
import { useMine } from "../state/me";
import { stored } from "../state/stored";
import { WHOLE_PAGE_ROWS } from "../state/whole";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { printList } from "../ui/paper";
import { Empty } from "../ui/states";
import { QueueBulk } from "./bulk";
import { chosenColumns, columns, csvColumns, usualColumns } from "./columns";
import {
    fields,
    isSearch,
    loadCounters,
    loadFacets,
    loadPage,
    orderOf,
    type QueueQuery,
    type QueueRow,
    questionOf,
    sortable,
} from "./model";
import { Preview } from "./preview";

const states: readonly StateCounter[] = [
    ["Open", "open", ["New", "Active"]],
    ["New", "New", ["New"]],
    ["Active", "Active", ["Active"]],
    ["Closed", "Closed", ["Closed"]],
];

const views: ViewKind = {
    prefix: "view/",
    path: "/incidents",
    built: [
        { name: "All incidents", search: "" },
        { name: "Open", search: "status=open" },
        { name: "Open and mine", search: "status=open&owner=me" },
        { name: "Open, nobody's", search: "status=open&owner=unassigned" },
        { name: "Grave and open", search: "status=open&severity=Critical&severity=High" },
        { name: "Newest first", search: "sort=created" },
    ],
    own: stored<View[]>("queue.views", [], isViews),
    question: "Which incidents fit this view of the queue?",
    kql: (params) => incidentKql(readFilter(fields, params), params.get("sort") ?? "", params.get("q") ?? ""),
};

export function QueueScreen() {
    useTitle("Incidents");
    const { params } = place.value;
    const filter = readFilter(fields, params);
    const query: QueueQuery = { text: param("q"), filter: useMine(filter), sort: param("sort"), places: paramList("field") };
    const { pages, key, onRange } = usePages(query, loadPage, !isSearch(query));
    const { of: ticked, ticks, clear } = useTicks(key, pages, (row: QueueRow) => row.id);
    const version = seq.value;
    const counters = useLoad((signal) => loadCounters(JSON.parse(key), signal), `counters ${key}`, version);
    const facets = useLoad(loadFacets, "facets", version);
    const selected = param("sel");
    const select = (row: QueueRow) => setParams({ sel: row.id }, { replace: true });
    const field = useRef<HTMLInputElement>(null);
    const [opening, setOpening] = useState(false);
    useKeys("Queue", [
        { keys: "f", label: "Search in the queue", run: () => field.current?.select() },
        { keys: "Escape", label: "Close the preview", run: () => setParams({ sel: null }, { replace: true }) },
        { keys: "r", label: "Load again", run: () => pages.refresh() },
        { keys: "n", label: "Open an incident by hand", run: () => setOpening(true) },
    ]);
    const [left, setLeft] = useState<readonly string[]>([]);
    const canSort = sortable(query);
    const shown = shownColumns(columns, chosenColumns).map((column) =>
        column.sort && !canSort(column.sort) ? { ...column, sort: "" } : column,
    );
    const counting = (other: Filter, of: string) => questionOf({ ...query, filter: other }, of);
    const whole = (cursor: string | null, signal: AbortSignal) => loadPage(query, { cursor }, WHOLE_PAGE_ROWS, signal);
    const some = ticks.state !== "none";
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Incidents</h1>
                <Views kind={views} />
                <span class="grow" />
                <ListTools
                    query={questionOf(query, "Incidents")}
                    save={() => saveList("incidents", csvColumns, whole)}
                    print={() => printList(shown, whole)}
                >
                    <ColumnChoice columns={columns} chosen={chosenColumns} usual={usualColumns} left={left} />
                    <Needs right="respond">
                        <button type="button" class="button quiet" onClick={() => setOpening(true)}>
                            <Icon name="plus" />
                            New
                        </button>
                    </Needs>
                </ListTools>
            </div>
            {opening && <NewIncident alerts={[]} onDone={() => setOpening(false)} />}
            <CounterStrip states={states} counters={counters.data} filter={query.filter} question={counting} />
            <div class="filter-row">
                {some ? (
                    <QueueBulk query={query} pages={pages} of={ticked} onAll={() => ticks.setAll(true)} onClear={clear} />
                ) : (
                    <>
                        <ListSearch
                            field={field}
                            text={query.text}
                            label="Search in the queue"
                            hint="id, title, tag, owner, product, or field:value"
                        />
                        <FilterBar fields={fields} filter={filter} facets={facets.data ?? []} count={counting} />
                        <span class="grow" />
                        <Fitting noun="incident" total={pages.total} question={questionOf(query, "Incidents that fit")} />
                    </>
                )}
            </div>
            <div class="split">
                <div class="split-main">
                    <PagedList
                        label="Incidents"
                        pages={pages}
                        columns={shown}
                        rowKey={(row) => row.id}
                        current={selected}
                        onCurrent={select}
                        onOpen={(row) => navigate(incidentHref(row))}
                        onRange={onRange}
                        sort={orderOf(query)}
                        onSort={(sort) => setParams({ sort })}
                        ticks={ticks}
                        onLeft={setLeft}
                        empty={<NoRows query={query} />}
                    />
                </div>
                {selected && <Preview id={selected} keys={!some} onClose={() => setParams({ sel: null }, { replace: true })} />}
            </div>
        </div>
    );
}

function NoRows({ query }: { query: QueueQuery }) {
    const open = isSearch(query) || Object.keys(query.filter).length > 0;
    if (open) {
        return (
            <Empty
                title="No incident fits"
                actions={
                    <>
                        <a class="button" href="/incidents">
                            Show all incidents
                        </a>
                        {query.text && (
                            <a class="button" href={href("/search", { q: query.text })}>
                                Search alerts and entities too
                            </a>
                        )}
                    </>
                }
            >
                Remove a pill above, or search other fields, such as entity:ws6 or comment:phish.
            </Empty>
        );
    }
    return (
        <Empty
            title="No incidents yet"
            actions={
                <a class="button" href="/admin/sources">
                    Take files in
                </a>
            }
        >
            Give clew your exports with <code>clew ingest FILE</code>, or look around with <code>clew demo</code>. Alerts that come without
            an incident become incidents with <code>clew correlate</code>.
        </Empty>
    );
}
