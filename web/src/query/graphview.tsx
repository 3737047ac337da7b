// The result of a query as a graph: drawn like an investigation, and explored on like one.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Table } from "../api/types";
import { InvestigationView } from "../graph/graph";
import { type Call, type Found, run } from "../graph/loads";
import type { GraphState } from "../graph/state";
import { Investigation } from "../graph/store";
import { formatCount } from "../state/time";
import { Empty, Failure, Loading } from "../ui/states";
import { endColumns, holdsGraph, likelyPair, type Pair, relate } from "./relate";

/** Nodes of a result that are drawn; more would tell nothing. */
const NODES_MAX = 5_000;

export default function GraphView({ table }: { table: Table }) {
    const own = useMemo(() => holdsGraph(table), [table]);
    const [pair, setPair] = useState<Pair | undefined>(() => likelyPair(table));
    const batch = useMemo(() => relate(table, pair), [table, pair]);
    const small = batch.nodes.length <= NODES_MAX && batch.nodes.length > 0;
    return (
        <div class="result-graph">
            {!own && <Ends table={table} pair={pair} onPair={setPair} />}
            {batch.nodes.length === 0 ? (
                <Empty title="No graph can be made of this">
                    A graph needs nodes of a graph query, or two columns whose values belong together, such as a user and an address.
                </Empty>
            ) : !small ? (
                <Empty title={`${formatCount(batch.nodes.length)} nodes are too many to be seen`}>
                    Narrow the query, or summarize it, to at most {formatCount(NODES_MAX)}.
                </Empty>
            ) : (
                <Drawn key={own ? "" : `${pair?.from} ${pair?.to}`} batch={batch} />
            )}
        </div>
    );
}

function Drawn({ batch }: { batch: ReturnType<typeof relate> }) {
    const investigation = useMemo(() => {
        const root = batch.nodes[0]?.id ?? "";
        const ask = async (call: Call, state: GraphState, signal?: AbortSignal): Promise<Found> =>
            call.kind === "root" ? { batch, notes: [] } : run(call, state, signal);
        return new Investigation(root, [], ask);
    }, [batch]);
    useEffect(() => {
        void investigation.open();
        return () => investigation.destroy();
    }, [investigation]);
    if (investigation.error.value !== undefined) return <Failure error={investigation.error.value} />;
    if (!investigation.loaded.value) return <Loading label="Drawing the graph" />;
    return <InvestigationView of={investigation} timeline={false} />;
}

function Ends({ table, pair, onPair }: { table: Table; pair: Pair | undefined; onPair: (pair: Pair) => void }) {
    const ends = endColumns(table);
    if (ends.length < 2 || !pair) return null;
    const choice = (end: "from" | "to", label: string) => (
        <label class="line">
            <span class="muted">{label}</span>
            <select class="field" value={pair[end]} onChange={(event) => onPair({ ...pair, [end]: Number(event.currentTarget.value) })}>
                {ends.map((at) => (
                    <option key={at} value={at}>
                        {table.columns[at]?.name}
                    </option>
                ))}
            </select>
        </label>
    );
    return (
        <div class="result-ends">
            {choice("from", "From")}
            {choice("to", "to")}
        </div>
    );
}
