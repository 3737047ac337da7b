// A list of any length: only the rows in sight are in the document. Rows have one height.
import type { ComponentChildren, HTMLAttributes, Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Browsers cap the height of an element; longer lists scroll proportionally. */
const HEIGHT_MAX = 12_000_000;
const OVERSCAN_ROWS = 8;

/** What the owner of a list may do with it. */
export interface VirtualHandle {
    scrollTo: (row: number) => void;
}

interface Props {
    count: number;
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

/** The window of rows at a scroll position. Exported for its test. */
export function rowsInSight(
    count: number,
    rowHeight: number,
    scrollTop: number,
    viewHeight: number,
): { from: number; to: number; offset: number; height: number } {
    const full = count * rowHeight;
    const height = Math.min(full, HEIGHT_MAX);
    // The share of the way that was scrolled is the same in the capped and in the full list.
    const reach = Math.max(1, height - viewHeight);
    const top = full <= HEIGHT_MAX ? scrollTop : Math.min(1, scrollTop / reach) * (full - viewHeight);
    const from = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN_ROWS);
    const to = Math.min(count, Math.ceil((top + viewHeight) / rowHeight) + OVERSCAN_ROWS);
    return { from, to, offset: from * rowHeight - top + scrollTop, height };
}

export function VirtualList({
    count,
    rowHeight,
    row,
    onRange,
    handle,
    head,
    class: name = "",
    attributes = { role: "presentation" },
}: Props) {
    const box = useRef<HTMLDivElement>(null);
    const [scroll, setScroll] = useState({ top: 0, height: 800 });
    useLayoutEffect(() => {
        const element = box.current;
        if (!element) return;
        const measure = () => setScroll({ top: element.scrollTop, height: element.clientHeight });
        measure();
        const observer = new ResizeObserver(measure);
        observer.observe(element);
        element.addEventListener("scroll", measure, { passive: true });
        return () => {
            observer.disconnect();
            element.removeEventListener("scroll", measure);
        };
    }, []);
    const sight = rowsInSight(count, rowHeight, scroll.top, scroll.height);
    useEffect(() => onRange?.(sight.from, sight.to), [sight.from, sight.to, onRange]);
    useImperativeHandle(
        handle ?? null,
        () => ({
            scrollTo(index: number) {
                const element = box.current;
                if (!element) return;
                const headHeight = element.querySelector<HTMLElement>(".virtual-head")?.offsetHeight ?? 0;
                const full = count * rowHeight;
                const view = element.clientHeight - headHeight;
                if (full > HEIGHT_MAX) {
                    element.scrollTop = (index / count) * (HEIGHT_MAX - view);
                    return;
                }
                const top = index * rowHeight;
                if (top < element.scrollTop) element.scrollTop = top;
                else if (top + rowHeight > element.scrollTop + view) element.scrollTop = top + rowHeight - view;
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
        </div>
    );
}
