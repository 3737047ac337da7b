// What the server holds and does: health, counts, tables, load; and whether its journal and views are whole.

import { useState } from "preact/hooks";
import { Needs, ReadOnly } from "../access/needs";
import { address, ask, askText } from "../api/client";
import { useAsk, useLoad } from "../api/resource";
import { seq, stats } from "../app/live";
import { href } from "../router/router";
import { requestText } from "../state/sql";
import { formatBytes, formatCount, formatSpan } from "../state/time";
import { Icon } from "../ui/icons";
import { Facts } from "../ui/parts";
import { asked, Counted } from "../ui/showquery";
import { Failure, Loaded } from "../ui/states";
import { readMetrics, requestLoads, totalOf } from "./metrics";
import { SimpleTable } from "./table";

export function Health() {
    return (
        <div class="admin">
            <div class="admin-column">
                <Server />
                <Held />
                <Verification />
                <TableList />
            </div>
            <div class="admin-column">
                <Load />
            </div>
        </div>
    );
}

function Server() {
    const health = useAsk("health", {});
    return (
        <section class="card" aria-label="Server">
            <div class="card-head">
                <h2>Server</h2>
            </div>
            <Loaded of={health} rows={3}>
                {(data) => (
                    <div class="card-body">
                        <Facts
                            of={[
                                [
                                    "State",
                                    <span key="s" class={`tag ${data.status === "ok" ? "good" : "warn"}`}>
                                        {data.status}
                                    </span>,
                                ],
                                ["Version", data.version],
                                ["Instance", <code key="i">{data.instance}</code>],
                                ["Runs since", stats.value && formatSpan(stats.value.uptime_seconds * 1000)],
                            ]}
                        />
                    </div>
                )}
            </Loaded>
        </section>
    );
}

/** Members of the graph's counts, and the table whose rows they count. */
const graphNames: readonly (readonly [id: string, label: string, table: string])[] = [
    ["incidents", "Incidents", "Incidents"],
    ["alerts", "Alerts", "Alerts"],
    ["alerts_absent", "Alerts only named", ""],
    ["entities", "Entities", "Entities"],
    ["keys", "Keys of entities", ""],
    ["links", "Links between entities", ""],
    ["involves", "Links from alerts", ""],
];

/** What counts a number: the rows of a table, or the request that the number came with. */
function counting(table: string) {
    return table
        ? ({ lang: "kql", text: `${table}\n| count`, right: false } as const)
        : ({ lang: "request", text: requestText(address("stats", {})), right: false } as const);
}

function Held() {
    const data = stats.value;
    const graph = data?.graph ?? {};
    return (
        <section class="card" aria-label="What it holds">
            <div class="card-head">
                <h2>What it holds</h2>
            </div>
            <div class="card-body">
                <Facts
                    of={[
                        ["Documents", <Counted key="d" count={data?.journal} of="Documents" {...counting("")} />],
                        ...graphNames.map(
                            ([id, label, table]) =>
                                [
                                    label,
                                    typeof graph[id] === "number" && <Counted key={id} count={graph[id]} of={label} {...counting(table)} />,
                                ] as const,
                        ),
                        ["Full-text documents", <Counted key="f" count={data?.fulltext} of="Full-text documents" {...counting("")} />],
                        [
                            "Memory of the graph",
                            typeof graph.bytes === "number" && (
                                <Counted key="m" count={formatBytes(graph.bytes)} of="Memory of the graph" {...counting("")} />
                            ),
                        ],
                    ]}
                />
            </div>
        </section>
    );
}

function Load() {
    const metrics = useLoad(async (signal) => readMetrics(await askText("metrics", {}, { signal })), "metrics", seq.value);
    return (
        <section class="card" aria-label="Requests">
            <div class="card-head">
                <h2>Requests</h2>
                <span class="grow" />
                <button type="button" class="button quiet small" onClick={metrics.reload}>
                    <Icon name="refresh" />
                    Again
                </button>
            </div>
            <Loaded of={metrics} rows={4}>
                {(data) => (
                    <div {...asked({ of: "Requests", lang: "request", text: "GET /metrics" })}>
                        <SimpleTable
                            columns={["Route", ">Requests", ">Refused or failed", ">Mean time"]}
                            rows={requestLoads(data).map((load) => [
                                <code key="r">{load.route}</code>,
                                formatCount(load.requests),
                                load.failed > 0 ? formatCount(load.failed) : "",
                                `${(load.seconds * 1000).toFixed(1)} ms`,
                            ])}
                            empty={totalOf(data, "clew_http_requests_total") === 0 ? "No request yet" : ""}
                        />
                    </div>
                )}
            </Loaded>
        </section>
    );
}

function TableList() {
    const tables = useAsk("tables", {}, seq.value);
    return (
        <section class="card wide" aria-label="Tables">
            <div class="card-head">
                <h2>Tables</h2>
            </div>
            <Loaded of={tables}>
                {(data) => (
                    <div {...asked({ of: "Tables", lang: "request", text: "GET /v1/tables" })}>
                        <SimpleTable
                            columns={["Table", ">Rows", ">Files", ">On disk"]}
                            rows={data.value.map((table) => [
                                <a key="n" href={href("/query", { lang: "kql", text: `${table.name}\n| take 100` })}>
                                    {table.name}
                                </a>,
                                <span key="r" {...asked({ of: `Rows of ${table.name}`, lang: "kql", text: `${table.name}\n| count` })}>
                                    {formatCount(table.rows)}
                                </span>,
                                formatCount(table.files),
                                table.bytes > 0 ? formatBytes(table.bytes) : "in memory",
                            ])}
                            empty="No table holds a row"
                        />
                    </div>
                )}
            </Loaded>
        </section>
    );
}

type Outcome = { whole: boolean; text: string } | { error: unknown };

/** Follows the chain of changes, and holds every view against a rebuild. */
function Verification() {
    const [busy, setBusy] = useState("");
    const [chain, setChain] = useState<Outcome>();
    const [views, setViews] = useState<Outcome>();
    const run = async (name: string, put: (outcome: Outcome) => void, check: () => Promise<Outcome>) => {
        setBusy(name);
        try {
            put(await check());
        } catch (error) {
            put({ error });
        }
        setBusy("");
    };
    const audit = () =>
        run("chain", setChain, async () => {
            const { changes, last, whole, broken_at } = await ask("verify_audit", {});
            return {
                whole,
                text: whole
                    ? `${formatCount(changes)} changes, each linked to the one before. Keep the last fingerprint elsewhere: ${last}`
                    : `The chain is broken at change ${broken_at ?? "unknown"} of ${formatCount(changes)}.`,
            };
        });
    const verify = () =>
        run("views", setViews, async () => {
            const { documents, equal, views: all } = await ask("verify", {});
            const bad = all.filter((view) => !view.equal).map((view) => view.view);
            return {
                whole: equal,
                text: equal
                    ? `${formatCount(documents)} documents are readable, and all ${all.length} views equal their rebuild.`
                    : `These views differ from what the journal says: ${bad.join(", ")}. \`clew rebuild\` makes them anew.`,
            };
        });
    return (
        <section class="card" aria-label="Verification">
            <div class="card-head">
                <h2>Verification</h2>
                <span class="faint small">nothing altered, dropped or slipped in</span>
                <span class="grow" />
                <ReadOnly right="administer" />
            </div>
            <div class="card-body checks">
                <Needs right="administer">
                    <Check name="Chain of changes" busy={busy === "chain"} outcome={chain} onRun={audit} />
                    <Check name="Journal and views" busy={busy === "views"} outcome={views} onRun={verify} />
                </Needs>
            </div>
        </section>
    );
}

function Check({ name, busy, outcome, onRun }: { name: string; busy: boolean; outcome: Outcome | undefined; onRun: () => Promise<void> }) {
    return (
        <div class="check">
            <div class="line">
                <strong class="grow">{name}</strong>
                {outcome && "whole" in outcome && (
                    <span class={`tag ${outcome.whole ? "good" : "bad"}`}>{outcome.whole ? "whole" : "broken"}</span>
                )}
                <button type="button" class="button small" disabled={busy} onClick={() => void onRun()}>
                    <Icon name="shield" />
                    {busy ? "Verifying" : "Verify"}
                </button>
            </div>
            {outcome && "text" in outcome && (
                <p class="muted small wrap" role="status">
                    {outcome.text}
                </p>
            )}
            {outcome && "error" in outcome && <Failure error={outcome.error} />}
        </div>
    );
}
