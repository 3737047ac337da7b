// How long the rows of each table are kept: settings by table, what would leave now, and letting it leave.
import { useState } from "preact/hooks";
import { Needs, ReadOnly } from "../access/needs";
import { address, ask, errorDetail } from "../api/client";
import { useAsk } from "../api/resource";
import type { RetentionDefined, RetentionReport } from "../api/types";
import { refresh, seq } from "../app/live";
import { requestText } from "../state/sql";
import { formatBytes, formatCount } from "../state/time";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { IconButton, Time } from "../ui/parts";
import { asked } from "../ui/showquery";
import { Failure, Loaded } from "../ui/states";
import { toast } from "../ui/toast";
import { SimpleTable } from "./table";

const MADE = new Set(["Alerts", "Incidents", "Entities", "Relations", "SecurityAlert", "SecurityIncident"]);

export function Retention() {
    return (
        <div class="admin">
            <Settings />
            <Leaving />
        </div>
    );
}

/** Sets days, or takes the setting away; gives why it was refused, if it was. */
async function put(table: string, days: number | undefined): Promise<unknown> {
    try {
        if (days === undefined) await ask("delete_retention_setting", { id: table });
        else await ask("put_retention_setting", { id: table }, { body: { days } });
        refresh();
        return undefined;
    } catch (error) {
        return error;
    }
}

const days = (count: number) => `${formatCount(count)} ${count === 1 ? "day" : "days"}`;

function Settings() {
    const settings = useAsk("retention_settings", {}, seq.value);
    const remove = async (one: RetentionDefined) => {
        const problem = await put(one.id, undefined);
        if (problem) return toast(errorDetail(problem).message, { tone: "bad" });
        toast(`Rows of ${one.id} are kept for ever`, { action: { label: "Undo", run: () => void put(one.id, one.days) } });
    };
    return (
        <section class="card wide" aria-label="How long rows are kept">
            <div class="card-head">
                <h2>How long rows are kept</h2>
                <span class="faint small">tables without a setting keep their rows for ever</span>
                <span class="grow" />
                <ReadOnly right="administer" />
            </div>
            <Loaded of={settings} rows={2}>
                {(data) => (
                    <>
                        <Needs right="administer">
                            <NewSetting taken={data.value.map((one) => one.id)} />
                        </Needs>
                        <div {...asked({ of: "Retention", lang: "request", text: requestText(address("retention_settings", {})) })}>
                            <SimpleTable
                                columns={["Table", ">Kept", "Set by", "Changed", ""]}
                                rows={data.value.map((one) => [
                                    one.id,
                                    days(one.days),
                                    one.modified_by,
                                    <Time key="t" at={one.modified} style="minute" />,
                                    <Needs key="r" right="administer">
                                        <IconButton
                                            icon="close"
                                            small
                                            label={`Keep rows of ${one.id} for ever`}
                                            onClick={() => void remove(one)}
                                        />
                                    </Needs>,
                                ])}
                                empty="No table has a setting: nothing ever leaves."
                            />
                        </div>
                    </>
                )}
            </Loaded>
        </section>
    );
}

function NewSetting({ taken }: { taken: readonly string[] }) {
    const tables = useAsk("tables", { empty: true }, seq.value);
    const [table, setTable] = useState("");
    const [count, setCount] = useState("90");
    const [problem, setProblem] = useState<unknown>();
    const names = (tables.data?.value ?? []).map((one) => one.name).filter((name) => !MADE.has(name));
    const number = Number(count);
    const ready = table !== "" && Number.isInteger(number) && number > 0;
    const save = async () => {
        const found = await put(table, number);
        setProblem(found);
        if (found) return;
        const again = taken.includes(table) ? {} : { action: { label: "Undo", run: () => void put(table, undefined) } };
        toast(`Rows of ${table} are kept ${days(number)}`, again);
        setTable("");
    };
    return (
        <form
            class="card-body wrap-line"
            onSubmit={(event) => {
                event.preventDefault();
                if (ready) void save();
            }}
        >
            <label class="line">
                <span class="muted">Rows of</span>
                <select class="field" aria-label="Table" value={table} onChange={(event) => setTable(event.currentTarget.value)}>
                    <option value="">choose a table</option>
                    {names.map((name) => (
                        <option key={name} value={name}>
                            {name}
                        </option>
                    ))}
                </select>
            </label>
            <label class="line">
                <span class="muted">are kept for</span>
                <input
                    class="field days"
                    type="number"
                    min={1}
                    max={36525}
                    aria-label="Days"
                    value={count}
                    onInput={(event) => setCount(event.currentTarget.value)}
                />
                <span class="muted">days</span>
            </label>
            <button type="submit" class="button primary" disabled={!ready}>
                {taken.includes(table) ? "Change" : "Set"}
            </button>
            {problem !== undefined && <Failure error={problem} />}
        </form>
    );
}

/** What is too old now: counted first, and let go only when somebody says so. */
function Leaving() {
    const [report, setReport] = useState<RetentionReport>();
    const [problem, setProblem] = useState<unknown>();
    const [busy, setBusy] = useState(false);
    const [sure, setSure] = useState(false);
    const run = async (trial: boolean) => {
        setBusy(true);
        setProblem(undefined);
        try {
            const found = await ask("apply_retention", { trial });
            setReport(found);
            if (!trial) {
                refresh();
                toast(`${formatCount(found.rows)} rows left`);
            }
        } catch (error) {
            setProblem(error);
        }
        setBusy(false);
    };
    return (
        <section class="card wide" aria-label="What is too old">
            <div class="card-head">
                <h2>What is too old</h2>
                <span class="faint small">a server lets it leave by itself; alerts, incidents and the graph stay as they are</span>
                <span class="grow" />
                <Needs right="administer">
                    <button type="button" class="button" disabled={busy} onClick={() => void run(true)}>
                        <Icon name="search" />
                        Count
                    </button>
                    <button
                        type="button"
                        class="button"
                        disabled={busy || !report || report.applied || report.rows === 0}
                        onClick={() => setSure(true)}
                    >
                        Let it leave now
                    </button>
                </Needs>
            </div>
            {problem !== undefined && <Failure error={problem} />}
            {report && (
                <div role="status" {...asked({ of: "What is too old", lang: "request", text: "POST /v1/retention/apply?trial=true" })}>
                    <SimpleTable
                        columns={[
                            "Table",
                            ">Kept",
                            "First day that stays",
                            report.applied ? ">Rows that left" : ">Rows that leave",
                            ">Files",
                            ">Bytes",
                        ]}
                        rows={report.value.map((one) => [
                            one.table,
                            days(one.days),
                            one.before,
                            formatCount(one.rows),
                            formatCount(one.files),
                            formatBytes(one.bytes),
                        ])}
                        empty="No table with a setting has rows."
                    />
                </div>
            )}
            {sure && report && (
                <Dialog title="Let rows leave" onClose={() => setSure(false)}>
                    <p class="dialog-text">
                        {formatCount(report.rows)} rows leave their tables. Queries no longer find them, and this cannot be taken back here.
                    </p>
                    <div class="dialog-foot">
                        <button type="button" class="button" onClick={() => setSure(false)}>
                            Cancel
                        </button>
                        <button
                            type="button"
                            class="button primary"
                            onClick={() => {
                                setSure(false);
                                void run(false);
                            }}
                        >
                            Let {formatCount(report.rows)} rows leave
                        </button>
                    </div>
                </Dialog>
            )}
        </section>
    );
}
