// Where the card of the tour lies: in the corner in which it covers the least of what it points at.

interface Size {
    readonly width: number;
    readonly height: number;
}

const corners = ["right bottom", "left bottom", "right top", "left top"] as const;
export type Corner = (typeof corners)[number];

/** The corner of a window for a card beside a box; the earlier of two that are as good. */
export function cornerBeside(box: Pick<DOMRect, "left" | "top" | "right" | "bottom">, card: Size, view: Size): Corner {
    const shared = (from: number, to: number, low: number, high: number) => Math.max(0, Math.min(to, high) - Math.max(from, low));
    const covered = corners.map((corner) => {
        const left = corner.startsWith("left") ? 0 : view.width - card.width;
        const top = corner.endsWith("top") ? 0 : view.height - card.height;
        return shared(left, left + card.width, box.left, box.right) * shared(top, top + card.height, box.top, box.bottom);
    });
    return corners[covered.indexOf(Math.min(...covered))] ?? corners[0];
}
