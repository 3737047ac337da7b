// Why two nodes are linked: each assertion with its rule, its times and the records behind it; "events" opens query and rows.
import { useState } from "preact/hooks";
import { ask } from "../api/client";
import { useLoad } from "../api/resource";
import type { AssertionRow } from "../api/types";
import { nodeHref } from "../router/router";
import { formatCount } from "../state/time";
import { KindGlyph, Time } from "../ui/parts";
import { Empty, Loaded } from "../ui/states";
import { type GraphEdge, words } from "./model";
import { type Rows, showRowsOf } from "./rows";
import type { SceneEdge } from "./scene";
import type { Investigation } from "./store";

const EDGES_SHOWN = 40;

export function EdgePane({ of, edge, onRows }: { of: Investigation; edge: SceneEdge; onRows: (rows: Rows) => void }) {
    const edges = edge.edges.flatMap((id) => of.state.value.edges.get(id) ?? []);
    const pairs = new Map(edges.map((one) => [[one.source, one.target].sort().join("\n"), one]));
    const [chosen, setChosen] = useState<string>();
    const list = [...pairs];
    const [, single] = list.find(([key]) => key === chosen) ?? list[0] ?? [];
    const byId = of.scene.value.byId;
    return (
        <div class="graph-detail">
            <header class="graph-ends">
                <End of={of} id={edge.source} label={byId.get(edge.source)?.label ?? ""} kind={byId.get(edge.source)?.kind ?? ""} />
                <span class="muted small">
                    {edge.relations.map((name) => words(name.split("/").at(-1) ?? name)).join(", ")}{" "}
                    {edge.forward && edge.backward ? "⇄" : edge.forward ? "↓" : "↑"}
                </span>
                <End of={of} id={edge.target} label={byId.get(edge.target)?.label ?? ""} kind={byId.get(edge.target)?.kind ?? ""} />
            </header>
            {list.length > 1 && (
                <label class="graph-choice">
                    <span class="muted small">{formatCount(list.length)} pairs stand behind this line</span>
                    <select class="field" value={chosen ?? list[0]?.[0]} onChange={(event) => setChosen(event.currentTarget.value)}>
                        {list.slice(0, EDGES_SHOWN).map(([key, one]) => (
                            <option key={key} value={key}>
                                {of.nameOf(one.source)} {words(one.relation)} {of.nameOf(one.target)}
                            </option>
                        ))}
                    </select>
                </label>
            )}
            {single && <Why key={single.id} of={of} edge={single} onRows={onRows} />}
        </div>
    );
}

function End({ of, id, label, kind }: { of: Investigation; id: string; label: string; kind: string }) {
    return (
        <button type="button" class="menu-item" onClick={() => of.select(id)}>
            <KindGlyph kind={kind} />
            <span class="clip">{label}</span>
        </button>
    );
}

function Why({ of, edge, onRows }: { of: Investigation; edge: GraphEdge; onRows: (rows: Rows) => void }) {
    const answer = useLoad((signal) => ask("why", { a: edge.source, b: edge.target }, { signal }), edge.id);
    return (
        <>
            <h3>Why linked</h3>
            {edge.query !== undefined && (
                <p class="small muted">
                    The exploration query <code>{edge.query}</code> found {of.nameOf(edge.target)} when it was asked about{" "}
                    {of.nameOf(edge.source)}.{" "}
                    <button type="button" class="button quiet small" onClick={() => void queryRows(of, edge, onRows)}>
                        Events
                    </button>
                </p>
            )}
            <Loaded of={answer} rows={3}>
                {(data) => (
                    <>
                        {data.assertions.length === 0 && edge.query === undefined && (
                            <Empty title="No direct assertion">The two are linked through other nodes only.</Empty>
                        )}
                        <ol class="graph-why">
                            {data.assertions.map((one) => (
                                <Assertion
                                    key={`${one.relation} ${one.asserted_by} ${one.rule} ${one.first} ${one.records[0]?.seq}`}
                                    of={of}
                                    one={one}
                                    onRows={onRows}
                                />
                            ))}
                        </ol>
                        {!data.complete && <p class="faint small">There are more assertions than these.</p>}
                    </>
                )}
            </Loaded>
        </>
    );
}

function Assertion({ of, one, onRows }: { of: Investigation; one: AssertionRow; onRows: (rows: Rows) => void }) {
    return (
        <li>
            <strong>
                {of.nameOf(one.source)} <span class="muted">{words(one.relation)}</span> {of.nameOf(one.target)}
            </strong>
            <span class="small">
                <Time at={one.first ?? null} />
                {one.last && one.last !== one.first ? (
                    <>
                        {" "}
                        – <Time at={one.last} />
                    </>
                ) : null}
                {one.count > 1 && <span class="muted"> · {formatCount(one.count)} times</span>}
            </span>
            <span class="small muted">
                {one.asserted_by ? (
                    <>
                        said by <a href={nodeHref(one.asserted_by)}>{of.nameOf(one.asserted_by)}</a>
                    </>
                ) : one.table ? (
                    <>
                        seen in <code>{one.table}</code>
                    </>
                ) : null}
                {one.rule && (
                    <>
                        {" "}
                        by the rule <code>{one.rule}</code>
                    </>
                )}
            </span>
            <span
                class="small faint clip"
                title={one.records.map((record) => `${record.source}:${record.line} (${record.seq})`).join("\n")}
            >
                {one.records
                    .slice(0, 2)
                    .map((record) => `${record.source}:${record.line}`)
                    .join(", ")}
                {one.records.length > 2 && ` and ${one.records.length - 2} more`}
            </span>
            {(one.table || one.asserted_by) && (
                <span>
                    <button type="button" class="button small" onClick={() => onRows(eventsOf(one))}>
                        Events
                    </button>
                </span>
            )}
        </li>
    );
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The rows behind an assertion: the raw events, or the record of the alert or incident that says so. */
export function eventsOf(one: AssertionRow): Rows {
    const [kind, ...rest] = (one.asserted_by ?? "").split(":");
    const id = JSON.stringify(rest.join(":"));
    if (kind === "alert" || kind === "incident") {
        const text = kind === "alert" ? `SecurityAlert\n| where SystemAlertId == ${id}` : `SecurityIncident\n| where IncidentName == ${id}`;
        return { title: `${words(one.relation)}: the ${kind} that says so`, text, lang: "kql" };
    }
    const seqs = one.records.map((record) => record.seq);
    const table = `"${(one.table ?? "").replaceAll('"', '""')}"`;
    const span =
        one.first && one.last ? ` AND "TimeGenerated" BETWEEN TIMESTAMP ${quoted(one.first)} AND TIMESTAMP ${quoted(one.last)}` : "";
    const where = seqs.length > 0 ? `"_Seq" IN (${seqs.join(", ")})` : `true${span}`;
    return {
        title: `${words(one.relation)}: events of ${one.table}`,
        lang: "sql",
        text: `SELECT * FROM ${table} WHERE ${where} ORDER BY "TimeGenerated" LIMIT 500`,
    };
}

function queryRows(of: Investigation, edge: GraphEdge, onRows: (rows: Rows) => void): void {
    const load = [...of.state.peek().loads.values()].find(
        ({ call }) => call.kind === "explore" && call.query === edge.query && call.node === edge.source,
    );
    if (load) showRowsOf(of, load, onRows);
    else of.say("the rows are no longer at hand: the question was taken back");
}
