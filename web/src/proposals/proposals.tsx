// Changes that somebody asked for, mostly assistants: what waits for a person, and what was decided.
import { useState } from "preact/hooks";
import { ask, errorDetail, isAbort } from "../api/client";
import { useAsk } from "../api/resource";
import type { ProposalDetail } from "../api/types";
import { seq } from "../app/live";
import { param, setParams } from "../router/router";
import { formatCount } from "../state/time";
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
                            {state === chosen && first.data && <span class="faint number"> {formatCount(first.data.total)}</span>}
                        </button>
                    ))}
                </div>
            </div>
            <div class="proposals-panel">
                <Loaded of={first} rows={8}>
                    {(page) =>
                        page.total === 0 ? (
                            <Nothing state={chosen} />
                        ) : (
                            <List key={`${chosen} ${seq.value}`} first={page.value} cursor={page.cursor ?? null} state={chosen} />
                        )
                    }
                </Loaded>
            </div>
        </div>
    );
}

/** The list; more of it comes when asked for. */
function List({ first, cursor, state }: { first: readonly ProposalDetail[]; cursor: string | null; state: string }) {
    const [more, setMore] = useState<{ value: readonly ProposalDetail[]; cursor: string | null }>({ value: [], cursor });
    const go = async () => {
        try {
            const page = await ask("proposals", { state: [state], limit: PAGE, ...(more.cursor ? { cursor: more.cursor } : {}) });
            setMore({ value: [...more.value, ...page.value], cursor: page.cursor ?? null });
        } catch (error) {
            if (!isAbort(error)) toast(errorDetail(error).message, { tone: "bad" });
        }
    };
    return (
        <>
            <ul class="proposals">
                {[...first, ...more.value].map((one) => (
                    <ProposalCard key={one.id} of={one} />
                ))}
            </ul>
            {more.cursor && (
                <button type="button" class="button" onClick={() => void go()}>
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
