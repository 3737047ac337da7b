// The bar over the canvas: undo and redo, layout, grouping, zoom, links among what is shown, export.
import { setParams } from "../router/router";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { toast } from "../ui/toast";
import { themeOfElement } from "./draw/theme";
import type { GraphView } from "./draw/view";
import { jsonOf, pngOf, save, svgOf } from "./export";
import { groupingOf, type LayoutName, layoutOf } from "./state";
import type { Investigation } from "./store";

const LAYOUTS: readonly (readonly [LayoutName, string, string])[] = [
    ["force", "Web", "What is linked lies together"],
    ["time", "Time", "Columns from early to late"],
    ["tactic", "Tactic", "Columns in the order of an attack"],
];

export function Toolbar({
    of,
    view,
    pathFrom,
    onCancelPath,
}: {
    of: Investigation;
    view: { current: GraphView | null };
    pathFrom: string | undefined;
    onCancelPath: () => void;
}) {
    const state = of.state.value;
    const undoable = of.canUndo.value;
    const redoable = of.canRedo.value;
    return (
        <div class="graph-toolbar" role="toolbar" aria-label="Graph">
            <button
                type="button"
                class="button quiet small"
                disabled={undoable === undefined}
                title={undoable ? `Undo: ${undoable} (u)` : "Nothing to undo"}
                onClick={() => of.undo()}
            >
                <Icon name="left" />
                Undo
            </button>
            <button
                type="button"
                class="button quiet small"
                disabled={redoable === undefined}
                title={redoable ? `Redo: ${redoable} (U)` : "Nothing to do again"}
                onClick={() => of.redo()}
            >
                Redo
                <Icon name="right" />
            </button>
            <span class="graph-rule" />
            <div class="graph-switch" role="group" aria-label="Layout">
                {LAYOUTS.map(([name, label, title]) => (
                    <button
                        key={name}
                        type="button"
                        class="button quiet small"
                        title={title}
                        aria-pressed={layoutOf(state) === name}
                        onClick={() => {
                            of.act({ type: "set", name: "layout", value: name }, `layout: ${label.toLowerCase()}`);
                        }}
                    >
                        {label}
                    </button>
                ))}
            </div>
            <button
                type="button"
                class="button quiet small"
                aria-pressed={groupingOf(state)}
                title="Draw alike nodes as one (g)"
                onClick={() => toggleGrouping(of)}
            >
                <Icon name="group" />
                Group
            </button>
            <button
                type="button"
                class="button quiet small"
                title="Add every link between the entities that are here"
                onClick={() => void of.load({ kind: "links" })}
            >
                <Icon name="graph" />
                Connect
            </button>
            <span class="grow" />
            {pathFrom !== undefined && (
                <span class="tag accent">
                    Path from {of.nameOf(pathFrom)}: choose the other end
                    <button type="button" class="button quiet icon small" aria-label="Give up the path" onClick={onCancelPath}>
                        <Icon name="close" />
                    </button>
                </span>
            )}
            {of.busy.value.length > 0 && (
                <span class="graph-busy small muted" role="status">
                    {of.busy.value.at(-1)} …
                </span>
            )}
            <IconButton icon="plus" label="Zoom in (+)" small onClick={() => view.current?.zoomBy(1.4)} />
            <IconButton icon="minus" label="Zoom out (_)" small onClick={() => view.current?.zoomBy(1 / 1.4)} />
            <button type="button" class="button quiet small" title="Show everything (f)" onClick={() => view.current?.fit()}>
                Fit
            </button>
            <Popover label={<Icon name="download" />} name="Export" class="button quiet icon small" right>
                {(close) => (
                    <>
                        {(["svg", "png", "json"] as const).map((kind) => (
                            <button
                                key={kind}
                                type="button"
                                class="menu-item"
                                onClick={() => {
                                    close();
                                    void exportAs(of, kind);
                                }}
                            >
                                {kind === "svg" ? "Picture as SVG" : kind === "png" ? "Picture as PNG" : "Nodes and links as JSON"}
                            </button>
                        ))}
                        <button
                            type="button"
                            class="menu-item"
                            onClick={() => {
                                close();
                                of.rearrange();
                            }}
                        >
                            Arrange anew
                        </button>
                        <button
                            type="button"
                            class="menu-item"
                            onClick={() => {
                                close();
                                setParams({ g: null });
                                location.reload();
                            }}
                        >
                            Begin again
                        </button>
                    </>
                )}
            </Popover>
        </div>
    );
}

export function toggleGrouping(of: Investigation): void {
    const now = groupingOf(of.state.peek());
    of.act({ type: "set", name: "grouping", value: !now }, now ? "drew every node" : "grouped alike nodes");
}

async function exportAs(of: Investigation, kind: "svg" | "png" | "json"): Promise<void> {
    const picture = of.picture.peek();
    if (!picture) return;
    const theme = themeOfElement(document.documentElement);
    const name = `clew-graph-${of.root.replaceAll(/[^\w.-]+/g, "-").slice(0, 60)}`;
    if (kind === "svg") save(`${name}.svg`, "image/svg+xml", svgOf(picture, theme, `Investigation of ${of.nameOf(of.root)}`));
    else if (kind === "json") save(`${name}.json`, "application/json", jsonOf(of.state.peek(), picture));
    else {
        const blob = await pngOf(picture, theme);
        if (blob) save(`${name}.png`, "image/png", blob);
        else toast("The browser could not make the picture", { tone: "bad" });
    }
}
