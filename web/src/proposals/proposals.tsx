// Changes that somebody asked for, mostly assistants: what waits for a person, and what was decided.
import { type Answer, address, ask } from "../api/client";
import { useAsk } from "../api/resource";
import { seq } from "../app/live";
import { useMore } from "../list/more";
import { param, setParams } from "../router/router";
import { useTitle } from "../router/title";
import { requestText } from "../state/sql";
import { formatCount } from "../state/time";
import { asked } from "../ui/showquery";
import { Empty, Loaded } from "../ui/states";
import { ProposalCard } from "./card";

const states = [
    ["open", "Waiting"],
    ["accepted", "Accepted"],
    ["rejected", "Rejected"],
] as const;

const PAGE = 50;

export default function ProposalsScreen() {
    useTitle("Proposals");
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
    const { rows, more, busy } = useMore(first, (cursor, signal) => ask("proposals", { state: [state], limit: PAGE, cursor }, { signal }));
    return (
        <>
            <ul class="proposals">
                {rows.map((one) => (
                    <ProposalCard key={one.id} of={one} />
                ))}
            </ul>
            {more && (
                <button type="button" class="button" disabled={busy} onClick={more}>
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
