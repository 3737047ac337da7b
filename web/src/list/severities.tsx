// How many rows of each severity a list has; each number is a filter.
import { setParams } from "../router/router";
import { formatCount } from "../state/time";
import { severities, severityTone } from "../ui/kinds";
import { asked, type Question } from "../ui/showquery";

/** Severities that are there or chosen, the gravest first. */
export function SeverityButtons({
    counts,
    chosen,
    question,
}: {
    counts: Readonly<Record<string, number>>;
    chosen: readonly string[];
    /** What counts the rows of a severity. */
    question: (severity: string) => Question;
}) {
    return (
        <>
            {severities
                .filter((name) => counts[name] || chosen.includes(name))
                .map((name) => (
                    <button
                        key={name}
                        type="button"
                        class={`severity-count ${severityTone(name)}`}
                        aria-pressed={chosen.includes(name)}
                        onClick={() => {
                            const severity = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
                            setParams({ severity, sel: null });
                        }}
                    >
                        <i class="dot" />
                        {name}{" "}
                        <strong class="number" {...asked(question(name))}>
                            {formatCount(counts[name] ?? 0)}
                        </strong>
                    </button>
                ))}
        </>
    );
}
