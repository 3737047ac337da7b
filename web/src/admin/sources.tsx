// Where the data came from and how it was read: a drop zone whose report says what was mapped, the reports of earlier ingests, and what
// every table holds.
import { useRef, useState } from "preact/hooks";
import { Needs, ReadOnly } from "../access/needs";
import { mayDo } from "../access/rights";
import { askNamed } from "../api/client";
import type { IngestReport } from "../api/types";
import { refresh } from "../app/live";
import { Icon } from "../ui/icons";
import { Failure } from "../ui/states";
import { Report } from "./ingestreport";
import { Ingests } from "./ingests";
import { TableSources } from "./tables";

export function Sources() {
    return (
        <div class="admin">
            <TakeIn />
            <Ingests />
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
                <span class="grow" />
                <ReadOnly right="ingest" />
            </div>
            <div
                class={`drop ${over ? "over" : ""}`}
                role="presentation"
                onDragOver={(event) => {
                    event.preventDefault();
                    setOver(mayDo("ingest"));
                }}
                onDragLeave={() => setOver(false)}
                onDrop={(event) => {
                    event.preventDefault();
                    setOver(false);
                    if (mayDo("ingest")) void take([...(event.dataTransfer?.files ?? [])]);
                }}
            >
                <Needs right="ingest">
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
                </Needs>
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
