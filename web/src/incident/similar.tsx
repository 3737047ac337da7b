// Incidents like this one, with the terms that make up each score.
import { address } from "../api/client";
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { seq } from "../app/live";
import { incidentHref } from "../router/router";
import { requestText } from "../state/sql";
import { Severity, Status } from "../ui/parts";
import { asked, type Question, ShowQuery } from "../ui/showquery";
import { Loaded } from "../ui/states";

const TERMS_SHOWN = 4;

const similarQuestion = (incident: string): Question => ({
    of: "Similar incidents",
    lang: "request",
    text: requestText(address("similar", { incident, limit: 5 })),
});

export function Similar({ incident }: { incident: IncidentDetail }) {
    const similar = useAsk("similar", { incident: incident.id, limit: 5 }, seq.value);
    return (
        <section class="card" aria-label="Similar incidents">
            <div class="card-head">
                <h2>Similar incidents</h2>
                <span class="faint small">over the whole history</span>
                <span class="grow" />
                <ShowQuery {...similarQuestion(incident.id)} />
            </div>
            <Loaded of={similar} rows={3}>
                {(data) =>
                    data.value.length === 0 ? (
                        <p class="card-note muted">No other incident shares rare entities, titles or tactics with this one.</p>
                    ) : (
                        <ul class="rows" {...asked(similarQuestion(incident.id))}>
                            {data.value.map((row) => (
                                <li key={row.id} class="similar">
                                    <a class="alert-line" href={incidentHref(row)} title={row.title}>
                                        <Severity name={row.severity} compact />
                                        <span class="clip grow">
                                            {row.number !== null && row.number !== undefined && (
                                                <span class="faint" data-plain>
                                                    {row.number}{" "}
                                                </span>
                                            )}
                                            {row.title}
                                        </span>
                                        <Status name={row.status} />
                                        <strong class="number" title="Score: the sum of the terms below">
                                            {row.score.toFixed(2)}
                                        </strong>
                                    </a>
                                    <div class="terms">
                                        {row.terms.slice(0, TERMS_SHOWN).map((term) => (
                                            <span key={term.kind + term.value} class="tag" title={term.value}>
                                                {term.kind} <span class="clip">{term.value}</span>{" "}
                                                <span class="number">+{term.weight.toFixed(2)}</span>
                                            </span>
                                        ))}
                                        {row.terms.length > TERMS_SHOWN && (
                                            <span class="faint small">{row.terms.length - TERMS_SHOWN} more</span>
                                        )}
                                    </div>
                                </li>
                            ))}
                        </ul>
                    )
                }
            </Loaded>
        </section>
    );
}
