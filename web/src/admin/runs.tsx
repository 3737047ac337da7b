// What became of what works by itself: runs of a rule, the place of an export; and what a rule would do for one incident.

import { useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { askNamed, errorDetail, offered } from "../api/client";
import { useLoad } from "../api/resource";
import { seq } from "../app/live";
import { nodeHref } from "../router/router";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Facts, Time } from "../ui/parts";
import { Failure, Loaded } from "../ui/states";
import { toast } from "../ui/toast";
import type { Definition } from "./definitions";

type Record_ = Record<string, unknown>;

const record = (value: unknown): Record_ => (typeof value === "object" && value !== null ? (value as Record_) : {});
const list = (value: unknown): Record_[] => (Array.isArray(value) ? value.map(record) : []);
const text = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");

const tones: Record<string, string> = { done: "good", waiting: "warn", dead: "bad", dry_run: "accent" };

/** The last runs of an automation rule; what was given up can be tried once more. */
export function Runs({ rule }: { rule: Definition }) {
    const runs = useLoad(
        async (signal) => list(record(await askNamed("automation_runs", { rule: rule.id, limit: 20 }, { signal })).value),
        `runs ${rule.id}`,
        seq.value,
    );
    const resend = async (id: string) => {
        try {
            await askNamed("resend_automation_run", { id });
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
        runs.reload();
    };
    return (
        <section aria-label="Runs">
            <h3>Runs</h3>
            <Loaded of={runs} rows={2}>
                {(rows) => (
                    <ul class="moments">
                        {rows.map((run) => (
                            <li key={text(run.id)}>
                                <span class="line">
                                    <Time at={text(run.started)} />
                                    <a href={nodeHref(text(run.target))} class="clip">
                                        {text(run.target)}
                                    </a>
                                </span>
                                {list(run.actions).map((action, index) => (
                                    <span key={index} class="line small">
                                        <span class="muted">{text(action.type)}</span>
                                        <span class={`tag ${tones[text(action.state)] ?? ""}`}>
                                            {text(action.state).replaceAll("_", " ")}
                                        </span>
                                        <span class="faint wrap grow">{text(action.message)}</span>
                                        {action.state === "dead" && (
                                            <Needs right="contribute">
                                                <button type="button" class="button small" onClick={() => void resend(text(run.id))}>
                                                    Try again
                                                </button>
                                            </Needs>
                                        )}
                                    </span>
                                ))}
                            </li>
                        ))}
                        {rows.length === 0 && <li class="muted">It did not run yet.</li>}
                    </ul>
                )}
            </Loaded>
        </section>
    );
}

/** Says what a rule would do for one incident or alert, without doing it. */
export function RuleTrial({ rule }: { rule: Record_ }) {
    const [target, setTarget] = useState("");
    const [outcome, setOutcome] = useState<Record_>();
    const [error, setError] = useState<unknown>();
    if (!offered("test_automation_rule")) return null;
    const run = async () => {
        const words = target.trim();
        setError(undefined);
        try {
            const named = /^\d+$/.test(words) ? `incident:${words}` : words;
            setOutcome(record(await askNamed("test_automation_rule", {}, { body: { rule, target: named } })));
        } catch (reason) {
            setOutcome(undefined);
            setError(reason);
        }
    };
    return (
        <section class="backtest" aria-label="Trial">
            <h3>Trial</h3>
            <form
                class="line"
                onSubmit={(event) => {
                    event.preventDefault();
                    void run();
                }}
            >
                <input
                    class="field grow"
                    aria-label="Incident or alert to try it on"
                    placeholder="5, or alert:ID"
                    value={target}
                    onInput={(event) => setTarget(event.currentTarget.value)}
                />
                <button type="submit" class="button small">
                    <Icon name="play" />
                    Try
                </button>
            </form>
            {error !== undefined && <Failure error={error} />}
            {outcome && (
                <div role="status" class="stack">
                    <p>{outcome.holds === true ? "It would run:" : "It would not run: its trigger or a condition does not hold."}</p>
                    <ul class="rows">
                        {list(outcome.actions).map((action, index) => (
                            <li key={index} class="entity-line">
                                <span class="muted">{text(action.type)}</span>
                                <span class="wrap grow">{text(action.refused) || text(action.would)}</span>
                            </li>
                        ))}
                    </ul>
                </div>
            )}
        </section>
    );
}

/** Where an export stands, and a way to let it begin anew. */
export function ExportPlace({ one }: { one: Definition }) {
    const status = useLoad(
        async (signal) => record(await askNamed("export_status", { id: one.id }, { signal })),
        `export ${one.id}`,
        seq.value,
    );
    const replay = async () => {
        try {
            await askNamed("replay_export", { id: one.id }, { body: { cursor: 0 } });
            toast("Everything is sent again, under the same ids");
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
        status.reload();
    };
    return (
        <section aria-label="Where it stands">
            <div class="line">
                <h3 class="grow">Where it stands</h3>
                {offered("replay_export") && (
                    <Needs right="administer">
                        <button type="button" class="button small" onClick={() => void replay()}>
                            <Icon name="refresh" />
                            Send all again
                        </button>
                    </Needs>
                )}
            </div>
            <Loaded of={status} rows={2}>
                {(data) => (
                    <Facts
                        of={[
                            ["Sent", typeof data.sent === "number" && formatCount(data.sent)],
                            ["Up to document", text(data.cursor)],
                            ["Last", text(data.last_sent) && <Time key="l" at={text(data.last_sent)} />],
                            ["Next snapshot", text(data.next_snapshot) && <Time key="n" at={text(data.next_snapshot)} />],
                            ["Failure", text(data.error)],
                            ["Next try", text(data.retry_at) && <Time key="r" at={text(data.retry_at)} />],
                        ]}
                    />
                )}
            </Loaded>
        </section>
    );
}
