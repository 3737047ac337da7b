// The numbers above the queue. Each is a filter.
import type { Counters } from "../api/types";
import { SeverityButtons } from "../list/severities";
import { setParams } from "../router/router";
import type { Filter } from "../state/filters";
import { formatCount } from "../state/time";
import { severities, severityTone } from "../ui/kinds";

const sum = (counts: Record<string, number>, names: readonly string[]) => names.reduce((total, name) => total + (counts[name] ?? 0), 0);

const states: readonly (readonly [string, string, readonly string[]])[] = [
    ["Open", "open", ["New", "Active"]],
    ["New", "New", ["New"]],
    ["Active", "Active", ["Active"]],
    ["Closed", "Closed", ["Closed"]],
];

export function CounterStrip({ counters, filter }: { counters: Counters | undefined; filter: Filter }) {
    const status = filter.status ?? [];
    const severity = filter.severity ?? [];
    const only = (values: readonly string[], value: string) => values.length === 1 && values[0] === value;
    const present = severities.filter((name) => (counters?.severity[name] ?? 0) > 0 || severity.includes(name));
    const total = sum(counters?.severity ?? {}, severities);
    return (
        <div class="counters">
            {states.map(([label, value, names]) => (
                <button
                    key={value}
                    type="button"
                    class="counter"
                    aria-pressed={only(status, value)}
                    onClick={() => setParams({ status: only(status, value) ? null : [value], sel: null })}
                >
                    <strong class="number">{counters ? formatCount(sum(counters.status, names)) : "\u2013"}</strong>
                    <span>{label}</span>
                </button>
            ))}
            <div class="severity-counts" role="group" aria-label="Severities">
                <div class="bar" aria-hidden="true">
                    {present.map((name) => (
                        <i
                            key={name}
                            class={severityTone(name)}
                            style={{ width: `${(100 * (counters?.severity[name] ?? 0)) / Math.max(1, total)}%` }}
                        />
                    ))}
                </div>
                <div class="severity-labels">
                    <SeverityButtons counts={counters?.severity ?? {}} chosen={severity} />
                </div>
            </div>
        </div>
    );
}
