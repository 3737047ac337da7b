// What was taken in, by whom, and how it was read: the reports that are kept of ingests, newest first. They tell what their documents
// were then; what is there now stands with the tables.
import { type Answer, address, ask } from "../api/client";
import { useAsk } from "../api/resource";
import type { IngestRecord, IngestRow } from "../api/types";
import { seq } from "../app/live";
import { useMore } from "../list/more";
import { param, setParams } from "../router/router";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { Facts, IconButton, Time, Words } from "../ui/parts";
import { asked, ShowQuery } from "../ui/showquery";
import { Loaded } from "../ui/states";
import { CountTable, Report, several } from "./ingestreport";
import { SimpleTable } from "./table";

const PAGE = 10;

/** Ways that documents come, in words. */
const ways: Record<string, string> = { command: "command line", http: "API" };

const columns = ["When", "By", "Via", "Source", "Formats", ">Read", ">New", ">Updated", ">Known", ">Rejected", ">Warnings"];

const question = { of: "Ingests", lang: "request", text: requestText(address("ingests", { limit: PAGE })) } as const;

export function Ingests() {
    const first = useAsk("ingests", { limit: PAGE }, seq.value);
    return (
        <section class="card wide" aria-label="What was taken in">
            <div class="card-head">
                <h2>What was taken in</h2>
                <span class="faint small">reports of ingests, newest first</span>
                <span class="grow" />
                {first.data && first.data.total > 0 && (
                    <span class="faint small number" {...asked(question)}>
                        {several(first.data.total, "report")}
                    </span>
                )}
                <ShowQuery {...question} />
            </div>
            <Loaded of={first} rows={3}>
                {(page) => <List first={page} />}
            </Loaded>
        </section>
    );
}

/** The list; a row opens its report below it. An address may name a report that no row shows yet. */
function List({ first }: { first: Answer<"ingests"> }) {
    const { rows, more, busy } = useMore(first, (cursor, signal) => ask("ingests", { limit: PAGE, cursor }, { signal }));
    const chosen = param("sel");
    const choose = (id: string | null) => setParams({ sel: id }, { replace: true });
    useKeys("Ingests", [{ keys: "Escape", label: "Close the report", run: () => choose(null) }], chosen !== "");
    return (
        <>
            <div class="ingests" {...asked(question)}>
                <SimpleTable
                    columns={columns}
                    rows={rows.map((row) => cells(row, row.id === chosen, () => choose(row.id === chosen ? null : row.id)))}
                    below={(index) => rows[index]?.id === chosen && <Kept id={chosen} />}
                    empty="No report is kept yet: the next ingest leaves one."
                />
            </div>
            {more && (
                <div class="card-note">
                    <button type="button" class="button small" disabled={busy} onClick={more}>
                        Show more
                    </button>
                </div>
            )}
            {chosen && !rows.some((row) => row.id === chosen) && (
                <div class="taken">
                    <div class="line">
                        <h3 class="grow">An earlier report</h3>
                        <IconButton icon="close" label="Close the report" onClick={() => choose(null)} small />
                    </div>
                    <Kept id={chosen} />
                </div>
            )}
        </>
    );
}

const many = (count: number) => (count > 0 ? formatCount(count) : "");

function cells(row: IngestRow, open: boolean, toggle: () => void) {
    return [
        <button key="w" type="button" class="button quiet small opens" aria-expanded={open} onClick={toggle}>
            <Icon name={open ? "down" : "right"} />
            <Time at={row.begun} style="minute" />
            <span class="hidden-visually">, report of {row.source}</span>
        </button>,
        row.by,
        ways[row.via] ?? row.via,
        <span key="s" class="wrap">
            {row.source}
            {row.sources_total > 1 && <span class="faint"> and {formatCount(row.sources_total - 1)} more</span>}
            {row.error && <span class="bad"> broke off</span>}
        </span>,
        <Words key="f" of={Object.keys(row.formats)} plain />,
        formatCount(row.documents),
        many(row.new),
        many(row.updated),
        many(row.duplicate),
        row.rejected > 0 ? (
            <span key="r" class="bad">
                {formatCount(row.rejected)}
            </span>
        ) : (
            ""
        ),
        many(row.warnings),
    ];
}

/** The report that is kept under an id. */
function Kept({ id }: { id: string }) {
    const record = useAsk("ingest_record", { id }, seq.value);
    const text = requestText(address("ingest_record", { id }));
    return (
        <section class="ingest-report" aria-label="Report of the ingest" {...asked({ of: "Report of the ingest", lang: "request", text })}>
            <Loaded of={record} rows={4}>
                {(data) => (
                    <>
                        <Given record={data} />
                        <Report report={data} />
                        <Files record={data} />
                        {(data.cut ?? []).length > 0 && (
                            <p class="muted small">
                                Only the most frequent names are kept of:{" "}
                                {(data.cut ?? []).map((name) => name.replaceAll("_", " ")).join(", ")}. The sums count all.
                            </p>
                        )}
                    </>
                )}
            </Loaded>
        </section>
    );
}

/** What was given, by whom, and what was said of it. */
function Given({ record }: { record: IngestRecord }) {
    const hidden = record.sources_total - record.sources.length;
    return (
        <Facts
            of={[
                ["Given by", `${record.by}, ${ways[record.via] ?? record.via}`],
                [
                    "Time",
                    <span key="t">
                        <Time at={record.begun} /> to <Time at={record.ended} style="clock" />
                    </span>,
                ],
                [
                    "Broke off",
                    record.error && (
                        <span key="b" class="bad">
                            {record.error.message} ({record.error.code}); what is counted here was taken in by then
                        </span>
                    ),
                ],
                ["Requests", record.requests > 1 && formatCount(record.requests)],
                ["Sources", `${record.sources.join(", ")}${hidden > 0 ? ` and ${formatCount(hidden)} more, repeats among them` : ""}`],
                ["Format named", record.format],
                ["Table named", record.table],
            ]}
        />
    );
}

function Files({ record }: { record: IngestRecord }) {
    const files = Object.entries(record.files).sort((a, b) => b[1] - a[1]);
    if (files.length === 0) return null;
    const rest = record.files_more > 0 ? `; ${several(record.files_more, "document")} came from others` : "";
    return <CountTable of={files} name="File" summary={`${several(files.length, "file")} that documents came from${rest}`} />;
}
