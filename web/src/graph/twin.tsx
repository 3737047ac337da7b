// The list twin of the canvas: the same nodes and edges as a tree, for keyboard, screen reader and tests.
import { useRef, useState } from "preact/hooks";
import { formatCount } from "../state/time";
import { kindLabel } from "../ui/kinds";
import { KindGlyph } from "../ui/parts";
import { asked } from "../ui/showquery";
import { requestsOf } from "./asked";
import { openNode } from "./canvas";
import { importance } from "./draw/labels";
import { words } from "./model";
import type { SceneEdge, SceneNode } from "./scene";
import type { Investigation } from "./store";

const SHOWN = 200;

/** One visible line of the tree. */
interface Line {
    readonly key: string;
    readonly node: SceneNode;
    readonly edge?: SceneEdge;
}

export function Twin({ of }: { of: Investigation }) {
    const scene = of.scene.value;
    const [text, setText] = useState("");
    const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
    const [shown, setShown] = useState(SHOWN);
    const [active, setActive] = useState<string>();
    const list = useRef<HTMLUListElement>(null);
    const wanted = text.trim().toLowerCase();
    const nodes = scene.nodes
        .filter(
            (node) =>
                wanted === "" ||
                node.label.toLowerCase().includes(wanted) ||
                node.kind.includes(wanted) ||
                node.id.toLowerCase().includes(wanted),
        )
        .map((node) => ({ node, rank: importance(node) }))
        .sort((a, b) => b.rank - a.rank || (a.node.label < b.node.label ? -1 : 1))
        .map(({ node }) => node);
    const lines = nodes
        .slice(0, shown)
        .flatMap((node): Line[] => [
            { key: node.id, node },
            ...(open.has(node.id)
                ? (scene.touching.get(node.id) ?? []).map((edge) => ({ key: `${node.id}\n${edge.id}`, node, edge }))
                : []),
        ]);
    const current = lines.some((line) => line.key === active) ? active : lines[0]?.key;
    const selected = new Set(of.selected().map((node) => node.id));
    const move = (to: number) => {
        const line = lines[Math.max(0, Math.min(lines.length - 1, to))];
        if (!line) return;
        setActive(line.key);
        queueMicrotask(() => list.current?.querySelector<HTMLElement>(`[data-line="${lines.indexOf(line)}"]`)?.focus());
    };
    const toggle = (id: string, wide: boolean) => {
        const next = new Set(open);
        if (wide) next.add(id);
        else next.delete(id);
        setOpen(next);
    };
    const press = (event: KeyboardEvent, line: Line, index: number) => {
        const act: Record<string, () => void> = {
            ArrowDown: () => move(index + 1),
            ArrowUp: () => move(index - 1),
            Home: () => move(0),
            End: () => move(lines.length - 1),
            ArrowRight: () => (line.edge ? follow(line) : open.has(line.node.id) ? move(index + 1) : toggle(line.node.id, true)),
            ArrowLeft: () => (line.edge ? move(lines.findIndex((other) => other.key === line.node.id)) : toggle(line.node.id, false)),
            Enter: () =>
                line.edge
                    ? of.selectEdge(line.edge.id)
                    : line.node.members.length > 1 || line.node.folded > 0
                      ? openNode(of, line.node.id)
                      : of.select(line.node.id),
            " ": () => (line.edge ? of.selectEdge(line.edge.id) : of.select(line.node.id, true)),
        };
        const run = act[event.key];
        if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        run();
    };
    const follow = (line: Line) => {
        if (!line.edge) return;
        const other = line.edge.source === line.node.id ? line.edge.target : line.edge.source;
        const at = lines.findIndex((one) => one.key === other);
        if (at >= 0) move(at);
    };
    return (
        <div class="graph-twin">
            <input
                type="search"
                class="field"
                placeholder="Find in the graph"
                aria-label="Find in the graph"
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
            />
            <ul
                role="tree"
                aria-label="Nodes and links of the graph"
                aria-multiselectable="true"
                ref={list}
                {...asked(requestsOf(of.state.value, "Nodes and links of the graph"))}
            >
                {lines.map((line, index) => (
                    <li
                        key={line.key}
                        role="treeitem"
                        aria-level={line.edge ? 2 : 1}
                        aria-selected={line.edge ? of.selectedEdge()?.id === line.edge.id : selected.has(line.node.id)}
                        {...(line.edge ? {} : { "aria-expanded": open.has(line.node.id) })}
                        tabIndex={line.key === current ? 0 : -1}
                        data-line={index}
                        data-node={line.edge ? undefined : line.node.id}
                        class={line.edge ? "graph-line edge" : "graph-line"}
                        onKeyDown={(event) => press(event, line, index)}
                        onClick={(event) => {
                            setActive(line.key);
                            if (line.edge) of.selectEdge(line.edge.id);
                            else of.select(line.node.id, event.shiftKey || event.ctrlKey || event.metaKey);
                        }}
                        onFocus={() => {
                            if (!line.edge) of.focus.value = line.node.id;
                        }}
                        onDblClick={() => !line.edge && openNode(of, line.node.id)}
                        onMouseEnter={() => {
                            of.lit.value = new Set(line.edge ? endsOf(of, line.edge) : line.node.members);
                        }}
                        onMouseLeave={() => {
                            of.lit.value = undefined;
                        }}
                    >
                        {line.edge ? (
                            <EdgeLine of={of} node={line.node} edge={line.edge} />
                        ) : (
                            <NodeLine node={line.node} links={scene.touching.get(line.node.id)?.length ?? 0} />
                        )}
                    </li>
                ))}
            </ul>
            {nodes.length > shown && (
                <button type="button" class="button quiet small" onClick={() => setShown(shown + SHOWN)}>
                    Show more of {formatCount(nodes.length)}
                </button>
            )}
        </div>
    );
}

function endsOf(of: Investigation, edge: SceneEdge): string[] {
    const { byId } = of.scene.peek();
    return [edge.source, edge.target].flatMap((id) => byId.get(id)?.members ?? []);
}

function NodeLine({ node, links }: { node: SceneNode; links: number }) {
    return (
        <>
            <KindGlyph kind={node.kind} />
            <span class="clip grow">{node.label}</span>
            {node.members.length > 1 && <span class="tag">{node.members.length}</span>}
            {node.folded > 0 && <span class="tag">+{node.folded}</span>}
            {node.pinned && <span class="tag accent">pinned</span>}
            {node.severity && node.kind === "alert" && <span class="faint small">{node.severity}</span>}
            {!node.inside && <span class="faint small">outside</span>}
            <span class="hidden-visually">{kindLabel(node.kind)}, </span>
            <span class="faint small number" title="links shown">
                {links}
                <span class="hidden-visually"> links</span>
            </span>
        </>
    );
}

function EdgeLine({ of, node, edge }: { of: Investigation; node: SceneNode; edge: SceneEdge }) {
    const forward = edge.source === node.id ? edge.forward : edge.backward;
    const other = of.scene.value.byId.get(edge.source === node.id ? edge.target : edge.source);
    const names = edge.relations.map((name) => words(name.split("/").at(-1) ?? name)).join(", ");
    return (
        <>
            <span class="faint" aria-hidden="true">
                {forward ? "→" : "←"}
            </span>
            <span class="muted clip">
                {names}
                {edge.edges.length > 1 && ` ×${edge.edges.length}`}
                <span class="hidden-visually">{forward ? " to " : " from "}</span>
            </span>
            <span class="clip grow">{other?.label}</span>
            {!edge.inside && <span class="faint small">outside</span>}
        </>
    );
}
