// Where the data came from and how it was read: a drop zone whose report says what was mapped, and what every table holds.
import { useRef, useState } from "preact/hooks";
import { mayDo } from "../access/rights";
import { askNamed } from "../api/client";
import type { IngestReport } from "../api/types";
import { refresh } from "../app/live";
import { formatBytes, formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { kindLabel } from "../ui/kinds";
import { Facts, Time } from "../ui/parts";
import { Failure } from "../ui/states";
import { SimpleTable } from "./table";
import { TableSources } from "./tables";

export function Sources() {
    return (
        <div class="admin">
            {mayDo("ingest") && <TakeIn />}
            <TableSources />
        </div>
    );
}

interface Taken {
    name: string;
    report?: IngestReport;
    error?: unknown;
}

/** Takes files in and says how they were read. */
function TakeIn() {
    const [taken, setTaken] = useState<readonly Taken[]>([]);
    const [busy, setBusy] = useState("");
    const [over, setOver] = useState(false);
    const field = useRef<HTMLInputElement>(null);
    const take = async (files: readonly File[]) => {
        for (const file of files) {
            setBusy(file.name);
            let done: Taken;
            try {
                done = { name: file.name, report: (await askNamed("ingest", { source: file.name }, { body: file })) as IngestReport };
            } catch (error) {
                done = { name: file.name, error };
            }
            setTaken((before) => [done, ...before]);
        }
        setBusy("");
        refresh();
    };
    return (
        <section class="card wide" aria-label="Take files in">
            <div class="card-head">
                <h2>Take files in</h2>
                <span class="faint small">JSON, JSON lines, CSV, zip or gz; formats are recognised by content</span>
            </div>
            <div
                class={`drop ${over ? "over" : ""}`}
                role="presentation"
                onDragOver={(event) => {
                    event.preventDefault();
                    setOver(true);
                }}
                onDragLeave={() => setOver(false)}
                onDrop={(event) => {
                    event.preventDefault();
                    setOver(false);
                    void take([...(event.dataTransfer?.files ?? [])]);
                }}
            >
                <input
                    ref={field}
                    type="file"
                    multiple
                    class="hidden-visually"
                    aria-label="Files to take in"
                    onChange={(event) => void take([...(event.currentTarget.files ?? [])])}
                />
                <button type="button" class="button" disabled={busy !== ""} onClick={() => field.current?.click()}>
                    <Icon name="plus" />
                    {busy ? `Reading ${busy}` : "Choose files"}
                </button>
                <span class="muted">or drop them here</span>
            </div>
            {taken.map((one, index) => (
                <div key={taken.length - index} class="taken" data-plain>
                    <h3 class="wrap">{one.name}</h3>
                    {one.error ? <Failure error={one.error} /> : one.report && <Report report={one.report} />}
                </div>
            ))}
        </section>
    );
}

const list = (counts: Record<string, number>, name: (key: string) => string = (key) => key) =>
    Object.entries(counts)
        .sort((a, b) => b[1] - a[1])
        .map(([key, count]) => `${name(key)} ${formatCount(count)}`)
        .join(", ");

/** The mapping report of an ingest. */
export function Report({ report }: { report: IngestReport }) {
    const unmapped = Object.entries(report.unmapped).sort((a, b) => b[1] - a[1]);
    return (
        <>
            <Facts
                of={[
                    ["Documents", `${formatCount(report.documents)} (${formatBytes(report.bytes)} in ${report.seconds.toFixed(1)} s)`],
                    [
                        "Of them",
                        `${formatCount(report.new)} new, ${formatCount(report.updated)} updated, ${formatCount(report.duplicate)} known, ${formatCount(report.rejected)} rejected`,
                    ],
                    ["Formats", list(report.formats)],
                    ["Alerts", report.alerts > 0 && formatCount(report.alerts)],
                    ["Incidents", report.incidents > 0 && formatCount(report.incidents)],
                    ["Events", list(report.events)],
                    ["Entities", list(report.entities, kindLabel)],
                    [
                        "Activity",
                        report.first && (
                            <span key="a">
                                <Time at={report.first} style="minute" /> to <Time at={report.last} style="minute" />
                            </span>
                        ),
                    ],
                ]}
            />
            {report.rejects.length > 0 && (
                <SimpleTable
                    columns={["Line", "Rejected because", "Begins with"]}
                    rows={report.rejects.map((reject) => [
                        `${reject.source}:${formatCount(reject.line)}`,
                        <span key="m">
                            {reject.message} <code class="faint">{reject.code}</code>
                        </span>,
                        <code key="e">{reject.excerpt}</code>,
                    ])}
                    empty=""
                />
            )}
            {unmapped.length > 0 && (
                <details>
                    <summary class="muted">
                        {formatCount(unmapped.length)} members that no mapping reads; they are kept with the record
                    </summary>
                    <SimpleTable
                        columns={["Member", ">Documents"]}
                        rows={unmapped.map(([name, count]) => [<code key="n">{name}</code>, formatCount(count)])}
                        empty=""
                    />
                </details>
            )}
        </>
    );
}
