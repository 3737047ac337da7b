// Search over incidents, alerts and entities at once, with the words shown where they stand.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { address as addressOf, ask, errorDetail, type Params } from "../api/client";
import { useAsk } from "../api/resource";
import type { DocKind, Facet, FacetAnswer, Highlight, Hit } from "../api/types";
import { seq } from "../app/live";
import { places, placesParam, usualPlaces } from "../list/words";
import { href, incidentHref, navigate, nodeHref, param, paramList, setParams } from "../router/router";
import { useTitle } from "../router/title";
import { quoted } from "../state/filters";
import { Pages, SEARCH_PAGE } from "../state/pages";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { kindLabel, spaced, valueLabel } from "../ui/kinds";
import { type PaperColumn, printKey, printList } from "../ui/paper";
import { KindGlyph, Severity, Status, Time } from "../ui/parts";
import { asked, type Question, ShowQuery } from "../ui/showquery";
import { Empty, Failure, Loading } from "../ui/states";
import { VirtualList } from "../ui/virtual";

const PAGE_ROWS = 50;
const ROW_HEIGHT = 64;
const facetNames = ["kind", "severity", "status", "product", "tactic", "owner", "tag"] as const satisfies readonly Facet[];
const kinds: readonly DocKind[] = ["incident", "alert", "entity"];

/** Parts of a text, those that match marked. Ranges count bytes of UTF-8, as the API gives them. */
export function marked(highlight: Highlight): { text: string; hit: boolean }[] {
    const bytes = new TextEncoder().encode(highlight.snippet);
    const decoder = new TextDecoder();
    const parts: { text: string; hit: boolean }[] = [];
    let last = 0;
    for (const [start = 0, end = 0] of highlight.ranges) {
        if (start < last || end > bytes.length) continue;
        if (start > last) parts.push({ text: decoder.decode(bytes.slice(last, start)), hit: false });
        parts.push({ text: decoder.decode(bytes.slice(start, end)), hit: true });
        last = end;
    }
    if (last < bytes.length) parts.push({ text: decoder.decode(bytes.slice(last)), hit: false });
    return parts;
}

const address = (hit: Hit) =>
    hit.kind === "incident" ? incidentHref(hit) : hit.kind === "alert" ? nodeHref(`alert:${hit.id}`) : nodeHref(hit.id);

const paperColumns: readonly PaperColumn<Hit>[] = [
    { label: "Kind", cell: (hit) => kindLabel(hit.kind === "entity" ? (hit.entity_kind ?? "other") : hit.kind) },
    { label: "Number", right: true, cell: (hit) => hit.number },
    { label: "Name", cell: (hit) => hit.title },
    { label: "Severity", cell: (hit) => hit.severity },
    { label: "Status", cell: (hit) => hit.status && spaced(hit.status) },
    { label: "Products", cell: (hit) => (hit.products ?? []).join(", ") },
    { label: "Tactics", cell: (hit) => (hit.tactics ?? []).map(spaced).join(", ") },
    { label: "Last activity", cell: (hit) => hit.last_activity && <Time at={hit.last_activity} style="minute" /> },
];

export function SearchScreen() {
    const field = useRef<HTMLInputElement>(null);
    const text = param("q");
    useTitle(text ? `Search: ${text}` : "Search");
    const chosen = paramList("kind") as DocKind[];
    const inFields = paramList("field");
    const params: Params<"search"> = { q: text, kind: chosen.length > 0 ? chosen : [...kinds] };
    if (inFields.length > 0) params.field = inFields;
    const sort = param("sort");
    if (sort) params.sort = sort;
    const key = JSON.stringify(params);
    const pages = useMemo(() => {
        const asked: Params<"search"> = JSON.parse(key);
        return new Pages<Hit>(async (cursor, signal) => {
            const answer = await ask("search", { ...asked, ...(cursor === null ? {} : { cursor }), limit: PAGE_ROWS }, { signal });
            return { rows: answer.hits, cursor: answer.cursor, total: answer.total };
        });
    }, [key]);
    useEffect(() => {
        if (text) pages.want(0, 1);
        return () => pages.close();
    }, [pages, text]);
    const facets = useAsk(
        "search",
        text ? { ...params, kind: [...kinds], facet: [...facetNames], limit: 1, highlight: false } : null,
        seq.value,
    );
    void pages.version.value;
    const print = () =>
        void printList(paperColumns, async (cursor, signal) => {
            const answer = await ask(
                "search",
                { ...params, ...(cursor === null ? {} : { cursor }), limit: SEARCH_PAGE, highlight: false },
                { signal },
            );
            return { rows: answer.hits, cursor: answer.cursor, total: answer.total };
        });
    useKeys("Search", [{ keys: "f", label: "Change the search", run: () => field.current?.select() }, ...(text ? [printKey(print)] : [])]);
    const row = (index: number) => {
        const hit = pages.row(index);
        return hit ? <Result key={`${hit.kind}${hit.id}`} hit={hit} /> : <div key={index} class="hit" />;
    };
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Search</h1>
            </div>
            <form
                class="search-form"
                role="search"
                aria-label="Search"
                onSubmit={(event) => {
                    event.preventDefault();
                    setParams({ q: field.current?.value.trim() ?? "" });
                }}
            >
                <div class="filter-search wide">
                    <Icon name="search" />
                    <input
                        key={text}
                        ref={field}
                        type="search"
                        defaultValue={text}
                        aria-label="Words to search"
                        placeholder={'logon, "exact phrase", begin*, severity:high AND NOT tag:test'}
                        spellcheck={false}
                        autocomplete="off"
                    />
                </div>
                <button type="submit" class="button primary">
                    Search
                </button>
            </form>
            <div class="search-places" role="group" aria-label="Where to search words without a field">
                <span class="faint">Words are searched in</span>
                {places.map(([id, label]) => {
                    const now = inFields.length > 0 ? inFields : usualPlaces;
                    const on = now.includes(id);
                    return (
                        <button
                            key={id}
                            type="button"
                            class="place"
                            aria-pressed={on}
                            onClick={() => setPlaces(on ? now.filter((one) => one !== id) : [...now, id])}
                        >
                            {label}
                        </button>
                    );
                })}
                {inFields.length > 0 && (
                    <button type="button" class="button quiet small" onClick={() => setParams({ field: null })}>
                        Set to default
                    </button>
                )}
            </div>
            <div class="split">
                <FacetRail facets={facets.data?.facets ?? []} chosen={chosen} text={text} />
                <div class="split-main">
                    <div class="search-head" role="status">
                        <span {...asked({ of: "Search", lang: "request", text: requestText(addressOf("search", params)) })}>
                            {text && pages.total !== undefined && `${formatCount(pages.total)} found`}
                        </span>
                        {text && <ShowQuery of="Search" lang="request" text={requestText(addressOf("search", params))} right={false} />}
                        <span class="grow" />
                        {text && (
                            <button type="button" class="button quiet small" onClick={print}>
                                <Icon name="print" />
                                Print
                            </button>
                        )}
                        <label class="faint">
                            Order{" "}
                            <select
                                class="field"
                                value={sort || "relevance"}
                                onChange={(event) =>
                                    setParams({ sort: event.currentTarget.value === "relevance" ? null : event.currentTarget.value })
                                }
                            >
                                <option value="relevance">Best first</option>
                                <option value="last">Last activity</option>
                                <option value="created">Newest</option>
                                <option value="severity">Severity</option>
                            </select>
                        </label>
                    </div>
                    {!text && (
                        <Empty title="Search everything">
                            Words, "phrases", begin*, slip~, field:value, ranges, AND, OR, NOT and brackets.
                        </Empty>
                    )}
                    {text && pages.error.value !== undefined && <Refused error={pages.error.value} text={text} />}
                    {text && pages.untouched && pages.error.value === undefined && <Loading rows={8} />}
                    {text && !pages.untouched && pages.count === 0 && (
                        <Nothing text={text} everywhere={places.every(([id]) => inFields.includes(id))} />
                    )}
                    {pages.count > 0 && (
                        <VirtualList
                            count={pages.count}
                            total={pages.total}
                            rowHeight={ROW_HEIGHT}
                            row={row}
                            onRange={(from, to) => pages.want(from, to)}
                            class="hits"
                        />
                    )}
                </div>
            </div>
        </div>
    );
}

/** A search that was refused. What the page calls a node (`host:ws6`) is no search, but leads there. */
function Refused({ error, text }: { error: unknown; text: string }) {
    const reference = /^[a-z_]+:\S/.test(text) && errorDetail(error).code === "search_unknown_field";
    return (
        <div class="padded stack">
            <Failure error={error} />
            {reference && (
                <div>
                    <a class="button" href={nodeHref(text)}>
                        Open {text}
                    </a>
                </div>
            )}
        </div>
    );
}

/** Signs and words of the search language: a text without them is words alone. */
const LANGUAGE = /["\\:()*~^[\]{}]|\b(AND|OR|NOT)\b/;

function Nothing({ text, everywhere }: { text: string; everywhere: boolean }) {
    return (
        <Empty
            title="Nothing has these words"
            actions={
                <>
                    {!everywhere && (
                        <button type="button" class="button" onClick={() => setPlaces(places.map(([id]) => id))}>
                            Search every place
                        </button>
                    )}
                    {/^T\d{4}(\.\d{3})?$/i.test(text) && (
                        <button type="button" class="button" onClick={() => setParams({ q: `technique:${text.toUpperCase()}` })}>
                            Search the technique {text.toUpperCase()}
                        </button>
                    )}
                    {!LANGUAGE.test(text) && (
                        <a class="button" href={href("/query", { lang: "kql", text: `search "${text}"\n| take 100` })}>
                            Search the rows of all tables
                        </a>
                    )}
                </>
            }
        >
            {everywhere ? "No incident, alert or entity does, in any place." : "Not in the places above."} A field can be named as well,
            such as entity:ws6.
        </Empty>
    );
}

function setPlaces(fields: readonly string[]): void {
    setParams({ field: placesParam(fields) });
}

function FacetRail({ facets, chosen, text }: { facets: readonly FacetAnswer[]; chosen: readonly string[]; text: string }) {
    const narrow = (facet: FacetAnswer, value: string) => {
        if (facet.facet === "kind") {
            setParams({ kind: chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value] });
            return;
        }
        navigateNarrowed(text, facet.facet, value);
    };
    return (
        <aside class="facets" aria-label="Narrow the search">
            {facets
                .filter((facet) => facet.values.length > 0)
                .map((facet) => (
                    <section key={facet.facet}>
                        <h2>{kindLabel(facet.facet)}</h2>
                        <ul>
                            {facet.values.slice(0, 8).map((value) => (
                                <li key={value.value}>
                                    <button
                                        type="button"
                                        class="menu-item"
                                        {...(facet.facet === "kind" ? { "aria-pressed": chosen.includes(value.value) } : {})}
                                        onClick={() => narrow(facet, value.value)}
                                    >
                                        <span class="grow clip">
                                            {facet.facet === "kind" ? kindLabel(value.value) : valueLabel(facet.facet, value.value)}
                                        </span>
                                        <span class="faint number" {...asked(facetQuestion(text, facet.facet, value.value))}>
                                            {formatCount(value.count)}
                                        </span>
                                    </button>
                                </li>
                            ))}
                        </ul>
                    </section>
                ))}
        </aside>
    );
}

/** What counts one value of a facet. */
function facetQuestion(text: string, facet: string, value: string): Question {
    const q = facet === "kind" ? text : `(${text}) AND ${facet}:${quoted(value)}`;
    const kind = facet === "kind" ? [value as DocKind] : [...kinds];
    return { of: `${kindLabel(facet)} ${value}`, lang: "request", text: requestText(addressOf("search", { q, kind })) };
}

function navigateNarrowed(text: string, facet: string, value: string): void {
    const term = `${facet}:"${value.replace(/["\\]/g, "\\$&")}"`;
    if (!text.includes(term)) setParams({ q: /\bOR\b/.test(text) ? `(${text}) AND ${term}` : `${text} AND ${term}` });
}

function Result({ hit }: { hit: Hit }) {
    const title = hit.highlights?.find((highlight) => highlight.field === "title" && highlight.snippet === hit.title);
    const other = hit.highlights?.find((highlight) => highlight !== title);
    return (
        <div class="hit">
            <KindGlyph kind={hit.kind === "entity" ? (hit.entity_kind ?? "other") : hit.kind} />
            <div class="hit-text">
                <a href={address(hit)} class="clip" onKeyDown={(event) => event.key === "Enter" && navigate(address(hit))}>
                    {hit.number !== null && hit.number !== undefined && (
                        <span class="faint" data-plain>
                            {hit.number}{" "}
                        </span>
                    )}
                    {title ? <Marked of={title} /> : hit.title}
                </a>
                <span class="clip small muted">
                    {other ? (
                        <>
                            <span class="faint">{other.field}: </span>
                            <Marked of={other} />
                        </>
                    ) : (
                        [...(hit.products ?? []), ...(hit.tactics ?? []).map(spaced)].join(", ") || hit.id
                    )}
                </span>
            </div>
            {hit.severity && <Severity name={hit.severity} />}
            {hit.status && <Status name={hit.status} />}
            {hit.last_activity && <Time at={hit.last_activity} style="minute" />}
        </div>
    );
}

function Marked({ of }: { of: Highlight }) {
    return (
        <>
            {marked(of).map((part, index) =>
                part.hit ? <mark key={`${index}m`}>{part.text}</mark> : <span key={`${index}t`}>{part.text}</span>,
            )}
        </>
    );
}
