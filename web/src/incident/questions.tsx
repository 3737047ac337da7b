// The exploration questions that fit an entity, with how many results each has before it is asked.
import { useState } from "preact/hooks";
import { address } from "../api/client";
import { useAsk } from "../api/resource";
import type { ExplorationRow } from "../api/types";
import { seq } from "../app/live";
import { useCalm } from "../state/calm";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { CellText } from "../ui/cell";
import { Icon } from "../ui/icons";
import { asked, type Question } from "../ui/showquery";
import { Loaded } from "../ui/states";

export function Questions({ reference }: { reference: string }) {
    const questions = useAsk("explorations", { entity: reference, counts: true }, useCalm(seq.value, true));
    const [open, setOpen] = useState("");
    return (
        <Loaded of={questions}>
            {(data) => {
                const sorted = [...data.value].sort((a, b) => (b.results ?? 0) - (a.results ?? 0));
                return (
                    <ul class="questions">
                        {sorted.map((question) => (
                            <li key={question.name}>
                                <button
                                    type="button"
                                    class="question"
                                    aria-expanded={open === question.name}
                                    disabled={!question.results}
                                    onClick={() => setOpen(open === question.name ? "" : question.name)}
                                >
                                    <Icon name={open === question.name ? "down" : "right"} />
                                    <span class="grow">
                                        <span>{question.title}</span>
                                        <span class="faint small">{question.question}</span>
                                    </span>
                                    <ResultCount reference={reference} question={question} />
                                </button>
                                {open === question.name && <Results reference={reference} query={question.name} />}
                            </li>
                        ))}
                    </ul>
                );
            }}
        </Loaded>
    );
}

/** What counts the results of an exploration query. */
const explorationQuestion = (entity: string, { name, title }: ExplorationRow): Question => ({
    of: title,
    lang: "request",
    text: requestText(address("explore", { entity, query: name })),
});

function ResultCount({ reference, question }: { reference: string; question: ExplorationRow }) {
    if (question.problem) {
        return (
            <span class="tag warn" title={question.problem}>
                not counted
            </span>
        );
    }
    return (
        <span class={`tag number ${question.results ? "accent" : ""}`} {...asked(explorationQuestion(reference, question))}>
            {formatCount(question.results ?? 0)}
        </span>
    );
}

function Results({ reference, query }: { reference: string; query: string }) {
    const answer = useAsk("explore", { entity: reference, query, limit: 50 }, seq.value);
    return (
        <Loaded of={answer} rows={3}>
            {(data) => (
                <div class="results">
                    <div class="results-table">
                        <table>
                            <thead>
                                <tr>
                                    {data.table.columns.map((column) => (
                                        <th key={column.name} scope="col">
                                            {column.name}
                                        </th>
                                    ))}
                                </tr>
                            </thead>
                            <tbody>
                                {data.table.rows.map((row, index) => (
                                    <tr key={`${index}-${String(row[0])}`}>
                                        {data.table.columns.map((column, at) => (
                                            <td key={column.name}>
                                                <CellText value={row[at]} type={column.type} />
                                            </td>
                                        ))}
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                    {!data.table.complete && <p class="faint small">The first {formatCount(data.table.rows.length)} results.</p>}
                    <details>
                        <summary class="faint small">Show query</summary>
                        <pre class="json">{data.text}</pre>
                    </details>
                </div>
            )}
        </Loaded>
    );
}
