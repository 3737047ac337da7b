// The numbers above a list. Each is a filter, and carries the question that counts it.
import type { Counters } from "../api/types";
import { setParams } from "../router/router";
import type { Filter } from "../state/filters";
import { formatCount } from "../state/time";
import { severities, severityTone } from "../ui/kinds";
import { asked, type Question } from "../ui/showquery";
import { SeverityButtons } from "./severities";

const sum = (counts: Record<string, number>, names: readonly string[]) => names.reduce((total, name) => total + (counts[name] ?? 0), 0);

/** A state that has a number: how it is called, its value as a filter, the states that it stands for. */
export type StateCounter = readonly [label: string, value: string, names: readonly string[]];

interface Props {
    states: readonly StateCounter[];
    counters: Counters | undefined;
    filter: Filter;
    /** The question of the list under another filter. */
    question: (filter: Filter, of: string) => Question;
}

export function CounterStrip({ states, counters, filter, question }: Props) {
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
                    <strong class="number" {...asked(question({ ...filter, status: [value] }, label))}>
                        {counters ? formatCount(sum(counters.status, names)) : "\u2013"}
                    </strong>
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
                    <SeverityButtons
                        counts={counters?.severity ?? {}}
                        chosen={severity}
                        question={(name) => question({ ...filter, severity: [name] }, name)}
                    />
                </div>
            </div>
        </div>
    );
}
