// The incident queue: what there is to do. The address is the query.
import type { RefObject } from "preact";
import { useRef, useState } from "preact/hooks";
import { useLoad } from "../api/resource";
import type { FacetAnswer } from "../api/types";
import { seq } from "../app/live";
import { NewIncident } from "../incident/joining";
import { Fitting, ListTools } from "../list/head";
import { PagedList } from "../list/list";
import { usePages } from "../list/pages";
import { useTicks } from "../list/ticks";
import { href, incidentHref, navigate, param, place, setParams } from "../router/router";
import { CSV_PAGE_ROWS, saveList } from "../state/csv";
import { readFilter } from "../state/filters";
import { Popover } from "../ui/dialog";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { Empty } from "../ui/states";
import { QueueBulk } from "./bulk";
import { chosenColumns, columns, csvColumns } from "./columns";
import { CounterStrip } from "./counters";
import { incidentKql } from "./kql";
import { fields, isSearch, loadCounters, loadFacets, loadPage, type QueueQuery, type QueueRow } from "./model";
import { Preview } from "./preview";
import { Views } from "./views";

export function QueueScreen() {
    const { params } = place.value;
    const query: QueueQuery = { text: param("q"), filter: readFilter(fields, params), sort: param("sort") };
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
    const shown = columns.filter((column) => column.fixed || chosenColumns.value.includes(column.id));
    const some = ticks.state !== "none";
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Incidents</h1>
                <Views />
                <span class="grow" />
                <ListTools
                    query={{ lang: "kql", text: incidentKql(query.filter, query.sort, query.text) }}
                    save={() => saveList("incidents", csvColumns, (cursor, signal) => loadPage(query, { cursor }, CSV_PAGE_ROWS, signal))}
                >
                    <ColumnChoice />
                    <button type="button" class="button quiet" onClick={() => setOpening(true)}>
                        <Icon name="plus" />
                        New
                    </button>
                </ListTools>
            </div>
            {opening && <NewIncident alerts={[]} onDone={() => setOpening(false)} />}
            <CounterStrip counters={counters.data} filter={query.filter} />
            <div class="filter-row">
                {some ? (
                    <QueueBulk query={query} pages={pages} of={ticked} onAll={() => ticks.setAll(true)} onClear={clear} />
                ) : (
                    <QueueFilter field={field} query={query} facets={facets.data ?? []} total={pages.total} />
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
                        sort={query.sort || (isSearch(query) ? "" : "severity")}
                        onSort={(sort) => setParams({ sort })}
                        ticks={ticks}
                        empty={<NoRows query={query} />}
                    />
                </div>
                {selected && <Preview id={selected} keys={!some} onClose={() => setParams({ sel: null }, { replace: true })} />}
            </div>
        </div>
    );
}

function QueueFilter({
    field,
    query,
    facets,
    total,
}: {
    field: RefObject<HTMLInputElement | null>;
    query: QueueQuery;
    facets: readonly FacetAnswer[];
    total: number | undefined;
}) {
    return (
        <>
            <form
                class="filter-search"
                role="search"
                aria-label="Search in the queue"
                onSubmit={(event) => {
                    event.preventDefault();
                    setParams({ q: field.current?.value.trim() ?? "", sel: null });
                }}
            >
                <Icon name="search" />
                <input
                    key={query.text}
                    ref={field}
                    type="search"
                    defaultValue={query.text}
                    placeholder="id, title, tag, owner, product, or field:value"
                    aria-label="Search in id, title, tags, owner and product"
                    spellcheck={false}
                    autocomplete="off"
                />
            </form>
            <FilterBar fields={fields} filter={query.filter} facets={facets} />
            <span class="grow" />
            <Fitting noun="incident" total={total} />
        </>
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

function ColumnChoice() {
    return (
        <Popover
            class="button quiet"
            right
            label={
                <>
                    <Icon name="columns" />
                    Columns
                </>
            }
        >
            {() =>
                columns.map((column) => (
                    <label key={column.id} class="menu-item">
                        <input
                            type="checkbox"
                            disabled={column.fixed ?? false}
                            checked={column.fixed || chosenColumns.value.includes(column.id)}
                            onChange={(event) => {
                                const others = chosenColumns.value.filter((id) => id !== column.id);
                                chosenColumns.value = event.currentTarget.checked ? [...others, column.id] : others;
                            }}
                        />
                        {column.label}
                    </label>
                ))
            }
        </Popover>
    );
}
