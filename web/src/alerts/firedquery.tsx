// The query that raised an alert: its text, how many rows it found then and finds now, and the way to the rows.
import { useState } from "preact/hooks";
import { ask, errorDetail } from "../api/client";
import { useLoad } from "../api/resource";
import type { AlertDetail } from "../api/types";
import { href } from "../router/router";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Facts, Time } from "../ui/parts";
import { asked, Count } from "../ui/showquery";
import { copyText } from "../ui/toast";
import { counting, firedQuery, overItsTime } from "./fired";

/** How many rows a query finds now. */
async function countNow(text: string, signal: AbortSignal): Promise<number> {
    const answer = await ask("query", {}, { signal, body: { lang: "kql", text: counting(text) } });
    return Number(answer.rows[0]?.[0] ?? 0);
}

/** The number of events in the details of an alert: a click opens the query with its rows. */
export function FiredLine({ alert }: { alert: AlertDetail }) {
    const fired = firedQuery(alert.extended, alert.end);
    if (!fired) return null;
    const text = overItsTime(fired);
    return (
        <p class="line">
            <a class="button" href={href("/query", { lang: "kql", text })}>
                <Icon name="list" />
                {fired.count === undefined ? (
                    "Events"
                ) : (
                    <span {...asked({ of: "Events", lang: "kql", text, recorded: true })}>{`${formatCount(fired.count)} events`}</span>
                )}
            </a>
            <span class="muted small">found by the query of its rule when it fired</span>
        </p>
    );
}

/** The part of an alert that shows its query. */
export function FiredQuery({ alert }: { alert: AlertDetail }) {
    const fired = firedQuery(alert.extended, alert.end);
    const timed = fired !== undefined && overItsTime(fired) !== fired.text;
    const [whole, setWhole] = useState(!timed);
    const text = fired ? (whole ? fired.text : overItsTime(fired)) : "";
    // Asked once: the text is the source's own, and may cost what it likes each time that anything comes in.
    const now = useLoad(fired ? (signal) => countNow(text, signal) : null, text);
    if (!fired) return null;
    return (
        <>
            <p class="muted">The query of the rule that raised this alert.</p>
            <Facts
                of={[
                    [
                        "Found then",
                        fired.count === undefined ? (
                            <span key="t" class="faint">
                                not recorded
                            </span>
                        ) : (
                            <span key="t">
                                <Count
                                    count={fired.count}
                                    of="Events when it fired"
                                    lang="kql"
                                    recorded
                                    text={overItsTime(fired)}
                                    right={false}
                                />{" "}
                                <span class="muted">as its source says</span>
                            </span>
                        ),
                    ],
                    [
                        "Finds now",
                        <span key="n" role="status">
                            {now.data !== undefined ? (
                                <Count count={now.data} of="Events now" lang="kql" text={text} right={false} />
                            ) : now.error ? (
                                <span class="bad">{errorDetail(now.error).message}</span>
                            ) : (
                                <span class="faint">counting</span>
                            )}
                        </span>,
                    ],
                    [
                        "Looked at",
                        fired.from && fired.to && (
                            <span key="w">
                                <Time at={fired.from} /> to <Time at={fired.to} />
                            </span>
                        ),
                    ],
                ]}
            />
            {timed && (
                <div class="segments" role="group" aria-label="Time of the query">
                    <button type="button" aria-pressed={!whole} onClick={() => setWhole(false)}>
                        Over its time
                    </button>
                    <button type="button" aria-pressed={whole} onClick={() => setWhole(true)}>
                        Over all time
                    </button>
                </div>
            )}
            <pre class="json" tabIndex={0} role="region" aria-label="The query that fired">
                {text}
            </pre>
            <div class="preview-actions">
                <a class="button primary" href={href("/query", { lang: "kql", text })}>
                    <Icon name="play" />
                    Open the events
                </a>
                <button type="button" class="button" onClick={() => void copyText(text, "The query")}>
                    <Icon name="copy" />
                    Copy
                </button>
            </div>
        </>
    );
}
