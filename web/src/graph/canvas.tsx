// The canvas of an investigation: hands pictures to the view and deeds of the pointer to the investigation.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { colours } from "../state/prefs";
import { themeOfElement } from "./draw/theme";
import { GraphView } from "./draw/view";
import type { Point } from "./state";
import type { Investigation } from "./store";

interface Props {
    of: Investigation;
    view: { current: GraphView | null };
    /** The pointer rests on a drawn thing, or has left it. */
    onHover: (id: string | undefined) => void;
    onMenu: (id: string | undefined, at: Point) => void;
}

declare global {
    interface Window {
        /** The view of the graph on the page, for tests and measurements. */
        clewGraph?: GraphView | undefined;
    }
}

export function Canvas({ of, view, onHover, onMenu }: Props) {
    const box = useRef<HTMLDivElement>(null);
    const handlers = useRef({ onHover, onMenu });
    handlers.current = { onHover, onMenu };
    useEffect(() => {
        const element = box.current;
        if (!element) return;
        const made = new GraphView(element, {
            hover: (node) => {
                of.hovered.value = node;
                handlers.current.onHover(node);
            },
            select: (node, edge, more) => {
                if (node !== undefined) of.select(node, more);
                else if (edge !== undefined) of.selectEdge(edge);
                else of.select(undefined);
            },
            open: (node) => openNode(of, node),
            menu: (node, at) => handlers.current.onMenu(node, at),
            drop: (node, place) => {
                const members = of.scene.peek().byId.get(node)?.members ?? [];
                const [id] = members;
                if (members.length === 1 && id !== undefined)
                    of.act({ type: "pin", places: new Map([[id, place]]) }, `moved ${of.nameOf(id)}`);
                else of.moveGroup(node, place);
            },
            rest: () => {},
        });
        view.current = made;
        window.clewGraph = made;
        made.fit();
        const stops = [
            effect(() => {
                void colours.value;
                // The attribute of the theme is set in an effect of its own: colours are read behind it.
                queueMicrotask(() => made.setTheme(themeOfElement(element)));
            }),
            effect(() => {
                if (of.picture.value) made.setPicture(of.picture.value);
            }),
            effect(() => {
                // The picture of the arrangement follows in the same turn.
                if (of.arranged.value > 0) requestAnimationFrame(() => made.fit());
            }),
            effect(() => {
                const [arrived, picture] = [of.arrived.value, of.picture.value];
                if (!arrived || !picture) return;
                const drawn = arrived.flatMap((id) => picture.scene.place.get(id) ?? []);
                if (arrived.length > 0 && drawn.length === 0) return;
                // The view takes the picture in the same turn.
                queueMicrotask(() => {
                    of.arrived.value = undefined;
                    made.include(drawn);
                });
            }),
            effect(() => {
                const selection = of.selection.value;
                const focus = of.focus.value;
                const nodes = new Set(selection.kind === "nodes" ? selection.ids : []);
                if (focus !== undefined && selection.kind === "none") nodes.add(focus);
                made.setSelection(nodes, selection.kind === "edge" ? selection.id : undefined);
            }),
            effect(() => {
                const place = of.scene.value.place;
                const lit = of.lit.value;
                made.setLit(lit && new Set([...lit].flatMap((id) => place.get(id) ?? [])));
            }),
        ];
        return () => {
            for (const stop of stops) stop();
            made.destroy();
            view.current = null;
            if (window.clewGraph === made) window.clewGraph = undefined;
        };
    }, [of]);
    return <div class="graph-box" ref={box} />;
}

/** What a double click or Enter does: a group opens, what is folded unfolds, everything else shows its links. */
export function openNode(of: Investigation, id: string): void {
    const node = of.scene.peek().byId.get(id);
    if (!node) return;
    if (node.members.length > 1) of.act({ type: "ungroup", ids: node.members }, `opened ${node.label}`);
    else if (node.folded > 0) of.act({ type: "expand", ids: node.members }, `expanded ${node.label}`);
    else void of.load({ kind: "neighbors", node: node.members[0] ?? id });
}
