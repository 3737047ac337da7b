// The `/graph` screen: an investigation that begins with any node.
import { useState } from "preact/hooks";
import { useAsk } from "../api/resource";
import { href, navigate, paramList } from "../router/router";
import { formatCount } from "../state/time";
import { KindGlyph, Severity } from "../ui/parts";
import { Empty, Loaded } from "../ui/states";
import { Graph } from "./graph";
import "./graph.css";

/** The `/graph` screen; its state is in the address. */
export function GraphScreen() {
    const of = paramList("of");
    return of.length > 0 ? <Graph key={of.join("\n")} of={of} /> : <Begin />;
}

function Begin() {
    const [text, setText] = useState("");
    const ranked = useAsk("rank", { by: "degree", limit: 12 });
    const incidents = useAsk("incidents", { limit: 8 });
    const begin = (node: string) => navigate(href("/graph", { of: [node] }));
    return (
        <div class="graph-begin">
            <Empty title="Where does the thread begin?">Name an incident, an alert or an entity, or choose one of these.</Empty>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    const name = text.trim();
                    if (name) begin(/^\d+$/.test(name) ? `incident:${name}` : name);
                }}
            >
                <input
                    class="field"
                    aria-label="Node to begin with"
                    placeholder="incident:5, host:ws6, ip:203.0.113.7"
                    value={text}
                    onInput={(event) => setText(event.currentTarget.value)}
                    spellcheck={false}
                />
                <button type="submit" class="button primary">
                    Begin
                </button>
            </form>
            <div class="graph-begin-lists">
                <section>
                    <h3>Gravest incidents</h3>
                    <Loaded of={incidents} rows={4}>
                        {(data) => (
                            <ul>
                                {data.value.length === 0 && <li class="faint">There are none yet.</li>}
                                {data.value.map((incident) => (
                                    <li key={incident.id}>
                                        <button type="button" class="menu-item" onClick={() => begin(`incident:${incident.id}`)}>
                                            <Severity name={incident.severity} compact />
                                            <span class="clip grow" title={incident.title}>
                                                {incident.title}
                                            </span>
                                            <span class="faint number">{incident.number ?? ""}</span>
                                        </button>
                                    </li>
                                ))}
                            </ul>
                        )}
                    </Loaded>
                </section>
                <section>
                    <h3>Most linked entities</h3>
                    <Loaded of={ranked} rows={4}>
                        {(data) => (
                            <ul>
                                {data.value.length === 0 && <li class="faint">There are none yet.</li>}
                                {data.value.map((row) => (
                                    <li key={row.id}>
                                        <button type="button" class="menu-item" title={row.id} onClick={() => begin(row.id)}>
                                            <KindGlyph kind={row.kind} />
                                            <span class="clip grow">{row.label}</span>
                                            <span class="faint number">{formatCount(row.degree)}</span>
                                        </button>
                                    </li>
                                ))}
                            </ul>
                        )}
                    </Loaded>
                </section>
            </div>
        </div>
    );
}
