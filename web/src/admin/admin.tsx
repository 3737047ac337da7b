// What the server holds and does: health, counts, tables, sources, load.
import { ask, askText } from "../api/client";
import { useAsk, useLoad } from "../api/resource";
import { seq, stats } from "../app/live";
import { href } from "../router/router";
import { formatBytes, formatCount, formatSpan } from "../state/time";
import { Icon } from "../ui/icons";
import { Facts, Time } from "../ui/parts";
import { Empty, Loaded } from "../ui/states";
import { readMetrics, requestLoads, totalOf } from "./metrics";

const SOURCES_SQL = `SELECT _Source AS "Source", count(*) AS "Alerts", min(StartTime) AS "First", max(EndTime) AS "Last"
FROM SecurityAlert GROUP BY _Source ORDER BY count(*) DESC LIMIT 200`;

export function AdminScreen() {
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Admin</h1>
                <span class="grow" />
                <a class="button quiet" href="/docs" target="_blank" rel="noopener">
                    <Icon name="book" />
                    API
                </a>
                <a class="button quiet" href="/metrics" target="_blank" rel="noopener">
                    <Icon name="pulse" />
                    Metrics
                </a>
                <a class="button" href="/v1/export" download="clew-export.ndjson">
                    <Icon name="download" />
                    Export all documents
                </a>
            </div>
            <div class="admin">
                <Server />
                <Held />
                <Sources />
                <Load />
                <TableList />
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

const graphNames: readonly (readonly [string, string])[] = [
    ["incidents", "Incidents"],
    ["alerts", "Alerts"],
    ["entities", "Entities"],
    ["keys", "Keys of entities"],
    ["links", "Links between entities"],
    ["involves", "Links from alerts"],
];

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
                        ["Documents", formatCount(data?.journal)],
                        ...graphNames.map(([id, label]) => [label, typeof graph[id] === "number" ? formatCount(graph[id]) : null] as const),
                        ["Full-text documents", formatCount(data?.fulltext)],
                        ["Memory of the graph", typeof graph.bytes === "number" ? formatBytes(graph.bytes) : null],
                    ]}
                />
            </div>
        </section>
    );
}

function Sources() {
    const sources = useLoad((signal) => ask("query", {}, { signal, body: { lang: "sql", text: SOURCES_SQL } }), "sources", seq.value);
    return (
        <section class="card" aria-label="Sources of alerts">
            <div class="card-head">
                <h2>Sources of alerts</h2>
                <span class="grow" />
                <a href={href("/query", { lang: "sql", text: SOURCES_SQL })}>Show query</a>
            </div>
            <Loaded of={sources} rows={4}>
                {(data) =>
                    data.rows.length === 0 ? (
                        <Empty title="No alerts yet">Give clew an export with `clew ingest FILE`.</Empty>
                    ) : (
                        <table class="plain-table">
                            <thead>
                                <tr>
                                    <th scope="col">Source</th>
                                    <th scope="col" class="right">
                                        Alerts
                                    </th>
                                    <th scope="col">First</th>
                                    <th scope="col">Last</th>
                                </tr>
                            </thead>
                            <tbody>
                                {data.rows.map(([source, count, first, last]) => (
                                    <tr key={String(source)}>
                                        <td>{String(source)}</td>
                                        <td class="right number">{formatCount(Number(count))}</td>
                                        <td>
                                            <Time at={first as string | null} style="date" />
                                        </td>
                                        <td>
                                            <Time at={last as string | null} style="date" />
                                        </td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    )
                }
            </Loaded>
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
                    <table class="plain-table">
                        <thead>
                            <tr>
                                <th scope="col">Route</th>
                                <th scope="col" class="right">
                                    Requests
                                </th>
                                <th scope="col" class="right">
                                    Refused or failed
                                </th>
                                <th scope="col" class="right">
                                    Mean time
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {requestLoads(data).map((load) => (
                                <tr key={load.route}>
                                    <td>
                                        <code>{load.route}</code>
                                    </td>
                                    <td class="right number">{formatCount(load.requests)}</td>
                                    <td class="right number">{load.failed > 0 ? formatCount(load.failed) : ""}</td>
                                    <td class="right number">{(load.seconds * 1000).toFixed(1)} ms</td>
                                </tr>
                            ))}
                            {totalOf(data, "clew_http_requests_total") === 0 && (
                                <tr>
                                    <td>No request yet</td>
                                </tr>
                            )}
                        </tbody>
                    </table>
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
                    <table class="plain-table">
                        <thead>
                            <tr>
                                <th scope="col">Table</th>
                                <th scope="col" class="right">
                                    Rows
                                </th>
                                <th scope="col" class="right">
                                    Files
                                </th>
                                <th scope="col" class="right">
                                    On disk
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {data.value.map((table) => (
                                <tr key={table.name}>
                                    <td>
                                        <a href={href("/query", { lang: "sql", text: `SELECT *\nFROM "${table.name}"\nLIMIT 100` })}>
                                            {table.name}
                                        </a>
                                    </td>
                                    <td class="right number">{formatCount(table.rows)}</td>
                                    <td class="right number">{formatCount(table.files)}</td>
                                    <td class="right number">{table.bytes > 0 ? formatBytes(table.bytes) : "in memory"}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                )}
            </Loaded>
        </section>
    );
}
