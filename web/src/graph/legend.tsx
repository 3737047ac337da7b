// What shapes, lines and colours mean, with how many of each kind are drawn. A click selects a kind.
import { formatCount } from "../state/time";
import { kindLabel, severities, severityTone } from "../ui/kinds";
import { KindGlyph } from "../ui/parts";
import { asked } from "../ui/showquery";
import { nodesQuestion } from "./asked";
import { severityPath } from "./draw/shapes";
import type { Investigation } from "./store";

/** The sign of a severity, as the canvas draws it. */
export function SeveritySign({ name }: { name: string }) {
    return (
        <svg class={`severity-sign ${severityTone(name)}`} viewBox="0 0 12 12" aria-hidden="true">
            <path d={severityPath(name)} />
        </svg>
    );
}

/** Which lines lie inside the incident. */
function Lines() {
    return (
        <>
            <li>
                <svg viewBox="0 0 26 12" aria-hidden="true" class="line-sign">
                    <path d="M1 6h24" />
                </svg>
                in the incident
            </li>
            <li>
                <svg viewBox="0 0 26 12" aria-hidden="true" class="line-sign">
                    <path d="M1 6h24" stroke-dasharray="2 4" />
                </svg>
                outside
            </li>
        </>
    );
}

export function Legend({ of }: { of: Investigation }) {
    const scene = of.scene.value;
    const kinds = new Map<string, { nodes: number; ids: string[]; members: string[] }>();
    const used = new Set<string>();
    for (const node of scene.nodes) {
        const entry = kinds.get(node.kind) ?? { nodes: 0, ids: [], members: [] };
        entry.nodes += node.members.length;
        entry.ids.push(node.id);
        entry.members.push(...node.members);
        kinds.set(node.kind, entry);
        if (node.severity) used.add(node.severity);
    }
    const lined = [...of.roots.value].some((id) => id.startsWith("incident:"));
    const rows = [...kinds].sort(([a, x], [b, y]) => y.nodes - x.nodes || a.localeCompare(b));
    return (
        <div class="graph-legend">
            <h3>Kinds</h3>
            <ul>
                {rows.map(([kind, entry]) => (
                    <li key={kind}>
                        <button
                            type="button"
                            class="menu-item"
                            title={`Select every ${kindLabel(kind).toLowerCase()}`}
                            onClick={() => {
                                of.selection.value = { kind: "nodes", ids: entry.ids };
                            }}
                        >
                            <KindGlyph kind={kind} />
                            <span class="grow clip">{kindLabel(kind)}</span>
                            <span class="number faint" {...asked(nodesQuestion(kind, entry.members, `${kindLabel(kind)} in the graph`))}>
                                {formatCount(entry.nodes)}
                            </span>
                        </button>
                    </li>
                ))}
            </ul>
            {(used.size > 0 || lined) && (
                <>
                    <h3>Signs</h3>
                    <ul class="graph-signs">
                        {severities
                            .filter((name) => used.has(name))
                            .map((name) => (
                                <li key={name}>
                                    <SeveritySign name={name} />
                                    {name}
                                </li>
                            ))}
                        {lined && <Lines />}
                    </ul>
                </>
            )}
        </div>
    );
}
