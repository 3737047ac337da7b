// Changes that somebody asked for, mostly assistants: what waits for a person, and what was decided.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, address, ask, errorDetail, isAbort } from "../api/client";
import { useAsk } from "../api/resource";
import { seq } from "../app/live";
import { param, setParams } from "../router/router";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { asked } from "../ui/showquery";
import { Empty, Loaded } from "../ui/states";
import { toast } from "../ui/toast";
import { ProposalCard } from "./card";

const states = [
    ["open", "Waiting"],
    ["accepted", "Accepted"],
    ["rejected", "Rejected"],
] as const;

const PAGE = 50;

export default function ProposalsScreen() {
    const chosen = states.find(([state]) => state === param("state"))?.[0] ?? "open";
    const first = useAsk("proposals", { state: [chosen], limit: PAGE }, seq.value);
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Proposals</h1>
                <div class="segments" role="group" aria-label="State">
                    {states.map(([state, label]) => (
                        <button
                            key={state}
                            type="button"
                            aria-pressed={state === chosen}
                            onClick={() => setParams({ state: state === "open" ? null : state })}
                        >
                            {label}
                            {state === chosen && first.data && (
                                <span
                                    class="faint number"
                                    {...asked({ of: label, lang: "request", text: requestText(address("proposals", { state: [state] })) })}
                                >
                                    {" "}
                                    {formatCount(first.data.total)}
                                </span>
                            )}
                        </button>
                    ))}
                </div>
            </div>
            <div class="proposals-panel">
                <Loaded of={first} rows={8}>
                    {(page) => (page.total === 0 ? <Nothing state={chosen} /> : <List key={chosen} first={page} state={chosen} />)}
                </Loaded>
            </div>
        </div>
    );
}

/** The list; more of it comes when asked for. Cards stay where the list is renewed: somebody may be writing in one. */
function List({ first, state }: { first: Answer<"proposals">; state: string }) {
    const [more, setMore] = useState<readonly Answer<"proposals">[]>([]);
    const [busy, setBusy] = useState(false);
    const controller = useRef(new AbortController());
    const kept = useRef(0);
    kept.current = more.length;
    const next = (cursor: string, signal: AbortSignal) => ask("proposals", { state: [state], limit: PAGE, cursor }, { signal });
    // What follows a renewed first page is asked for anew, as far as it was shown; until it is there, the old stays.
    useEffect(() => {
        const mine = new AbortController();
        controller.current = mine;
        setBusy(false);
        const renew = async () => {
            const renewed: Answer<"proposals">[] = [];
            for (let last = first; renewed.length < kept.current && last.cursor; ) {
                last = await next(last.cursor, mine.signal);
                renewed.push(last);
            }
            if (!mine.signal.aborted) setMore(renewed);
        };
        if (kept.current > 0) renew().catch((error) => !isAbort(error) && toast(errorDetail(error).message, { tone: "bad" }));
        return () => mine.abort();
    }, [first]);
    const pages = [first, ...more];
    const cursor = pages.at(-1)?.cursor;
    // Between a renewed page and an old one a proposal may stand twice.
    const rows = [...new Map(pages.flatMap((page) => page.value).map((one) => [one.id, one])).values()];
    const go = async () => {
        if (!cursor) return;
        const { signal } = controller.current;
        setBusy(true);
        try {
            const page = await next(cursor, signal);
            if (!signal.aborted) setMore((before) => [...before, page]);
        } catch (error) {
            if (!isAbort(error)) toast(errorDetail(error).message, { tone: "bad" });
        }
        if (!signal.aborted) setBusy(false);
    };
    return (
        <>
            <ul class="proposals">
                {rows.map((one) => (
                    <ProposalCard key={one.id} of={one} />
                ))}
            </ul>
            {cursor && (
                <button type="button" class="button" disabled={busy} onClick={() => void go()}>
                    Show more
                </button>
            )}
        </>
    );
}

function Nothing({ state }: { state: string }) {
    if (state !== "open") return <Empty title={`Nothing was ${state} yet`} />;
    return (
        <Empty title="Nothing waits for a decision">
            Assistants that are connected through MCP, and keys that may propose, cannot change incidents: what they would change they
            propose here, with the records that say why, and a person decides.
        </Empty>
    );
}
