// What a rule would have done to the alerts that are there, before it is saved.
import { useEffect, useRef, useState } from "preact/hooks";
import { AlertLines } from "../alerts/lines";
import { askNamed, offered } from "../api/client";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Failure } from "../ui/states";

interface Outcome {
    total: number;
    open: number;
    inIncidents: number;
    examined: number;
    titles: { title: string; count: number }[];
    alerts: { id: string; title: string; severity: string; start: string | null }[];
}

const record = (value: unknown) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});
const number = (value: unknown) => (typeof value === "number" ? value : 0);
const list = (value: unknown) => (Array.isArray(value) ? value.map(record) : []);

/** The answer of a back-test. */
export function readOutcome(answer: unknown): Outcome {
    const all = record(answer);
    return {
        total: number(all.total),
        open: number(all.open),
        inIncidents: number(all.in_incidents),
        examined: number(all.examined),
        titles: list(all.titles).map((one) => ({ title: String(one.title ?? ""), count: number(one.count) })),
        alerts: list(all.value).map((one) => ({
            id: String(one.id ?? ""),
            title: String(one.title ?? ""),
            severity: String(one.severity ?? "Unknown"),
            start: typeof one.start === "string" ? one.start : null,
        })),
    };
}

const ALERTS_SHOWN = 12;

export function Backtest({ operation, rule }: { operation: string; rule: Record<string, unknown> }) {
    const [outcome, setOutcome] = useState<Outcome>();
    const [asked, setAsked] = useState("");
    const [error, setError] = useState<unknown>();
    const [busy, setBusy] = useState(false);
    const seen = useRef<HTMLDivElement>(null);
    // What was found stands below the form: it comes into sight by itself.
    useEffect(() => {
        if (outcome || error !== undefined) seen.current?.parentElement?.scrollIntoView({ block: "nearest" });
    }, [outcome, error]);
    if (!offered(operation)) return null;
    const text = JSON.stringify(rule);
    const run = async () => {
        setBusy(true);
        setError(undefined);
        try {
            setOutcome(readOutcome(await askNamed(operation, {}, { body: { rule, limit: ALERTS_SHOWN } })));
            setAsked(text);
        } catch (reason) {
            setOutcome(undefined);
            setError(reason);
        }
        setBusy(false);
    };
    return (
        <section class="backtest" aria-label="Back-test">
            <div class="line">
                <h3 class="grow">Back-test</h3>
                <button type="button" class="button small" disabled={busy} onClick={() => void run()}>
                    <Icon name="play" />
                    {busy ? "Testing" : "Try on what is there"}
                </button>
            </div>
            {error !== undefined && <Failure error={error} />}
            {outcome && (
                <div role="status" class="stack" ref={seen} data-plain>
                    {asked !== text && <p class="notice">The rule was changed since: try again.</p>}
                    <p>
                        <strong class="number">{formatCount(outcome.total)}</strong> of {formatCount(outcome.examined)} alerts would be
                        dismissed; {formatCount(outcome.open)} of them are open, {formatCount(outcome.inIncidents)} are in incidents.
                    </p>
                    <ul class="rows">
                        {outcome.titles.slice(0, 6).map((one) => (
                            <li key={one.title} class="entity-line">
                                <span class="clip grow" title={one.title}>
                                    {one.title}
                                </span>
                                <span class="tag number">{formatCount(one.count)}</span>
                            </li>
                        ))}
                    </ul>
                    <AlertLines of={outcome.alerts} />
                </div>
            )}
        </section>
    );
}
