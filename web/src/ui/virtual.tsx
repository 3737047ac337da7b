// A list of any length: only the rows in sight are in the document. Rows have one height.
import type { ComponentChildren, HTMLAttributes, Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../state/time";

/** Browsers cap the height of an element; longer lists scroll proportionally. */
const HEIGHT_MAX = 12_000_000;
const OVERSCAN_ROWS = 8;

/** What the owner of a list may do with it. */
export interface VirtualHandle {
    scrollTo: (row: number) => void;
}

interface Props {
    count: number;
    /** Rows of the whole list, where more exist than can be scrolled to yet. */
    total?: number | undefined;
    rowHeight: number;
    row: (index: number) => ComponentChildren;
    /** Told which rows are in sight, so that the owner can load them. */
    onRange?: (from: number, to: number) => void;
    handle?: Ref<VirtualHandle>;
    /** Shown above the rows and kept in sight, inside the same scroll area. */
    head?: ComponentChildren;
    class?: string;
    /** Role, name and the like of the scroll area, where it is more than a box. */
    attributes?: HTMLAttributes<HTMLDivElement>;
}

/** What of a list a scroll area shows: how far it is scrolled, and the height in which rows are seen. */
interface View {
    readonly top: number;
    readonly height: number;
}

/** How a list of rows of one height fills a scroll area: at its true height, or in proportion where browsers do not allow that. */
function fit(count: number, rowHeight: number, view: View) {
    const full = count * rowHeight;
    const height = Math.min(full, HEIGHT_MAX);
    /** Pixels of the list that one pixel of the way stands for. */
    const scale = height === full ? 1 : Math.max(0, full - view.height) / Math.max(1, height - view.height);
    return { height, scale, top: Math.min(view.top, Math.max(0, height - view.height)) * scale };
}

/** The rows in sight, where in the scroll area the first of them lies, and how high the area is. */
export function rowsInSight(count: number, rowHeight: number, view: View) {
    const { height, top } = fit(count, rowHeight, view);
    const from = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN_ROWS);
    const to = Math.min(count, Math.ceil((top + view.height) / rowHeight) + OVERSCAN_ROWS);
    return { from, to, offset: from * rowHeight - top + view.top, height };
}

/** How far to scroll so that a row is in sight whole; where it is already, nothing moves. */
export function scrolledTo(row: number, count: number, rowHeight: number, view: View): number {
    const { scale, top } = fit(count, rowHeight, view);
    const above = row * rowHeight;
    const below = above + rowHeight - view.height;
    if (above < top) return above / scale;
    return below > top ? Math.ceil(below / scale) : view.top;
}

/** What a scroll area shows below its head. */
function viewOf(element: HTMLElement): View {
    const head = element.querySelector<HTMLElement>(".virtual-head")?.offsetHeight ?? 0;
    return { top: element.scrollTop, height: Math.max(0, element.clientHeight - head) };
}

export function VirtualList({
    count,
    total = count,
    rowHeight,
    row,
    onRange,
    handle,
    head,
    class: name = "",
    attributes = { role: "presentation" },
}: Props) {
    const box = useRef<HTMLDivElement>(null);
    const [view, setView] = useState<View>({ top: 0, height: 800 });
    useLayoutEffect(() => {
        const element = box.current;
        if (!element) return;
        // On paper the area is as high as its rows: they must not become more by that.
        const measure = () => window.matchMedia("print").matches || setView(viewOf(element));
        measure();
        const observer = new ResizeObserver(measure);
        observer.observe(element);
        element.addEventListener("scroll", measure, { passive: true });
        return () => {
            observer.disconnect();
            element.removeEventListener("scroll", measure);
        };
    }, []);
    const sight = rowsInSight(count, rowHeight, view);
    useEffect(() => onRange?.(sight.from, sight.to), [sight.from, sight.to, onRange]);
    useImperativeHandle(
        handle ?? null,
        () => ({
            scrollTo(index: number) {
                const element = box.current;
                if (element) element.scrollTop = scrolledTo(index, count, rowHeight, viewOf(element));
            },
        }),
        [count, rowHeight],
    );
    const rows: ComponentChildren[] = [];
    for (let index = sight.from; index < sight.to; index += 1) rows.push(row(index));
    return (
        <div class={`virtual ${name}`} ref={box} {...attributes}>
            {head && (
                <div class="virtual-head" role="presentation">
                    {head}
                </div>
            )}
            <div class="virtual-space" role="presentation" style={{ height: `${sight.height}px` }}>
                <div class="virtual-rows" role="presentation" style={{ transform: `translateY(${sight.offset}px)` }}>
                    {rows}
                </div>
            </div>
            {rows.length < total && (
                <p class="only-print">
                    Rows {formatCount(sight.from + 1)} to {formatCount(sight.to)} of {formatCount(total)}: those in sight. Ctrl+P in the
                    page prints the whole list.
                </p>
            )}
        </div>
    );
}
