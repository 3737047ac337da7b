// Rectangles as large as their values, as square as can be: rows along the shorter side, each as long as its squareness grows.

export interface Area {
    x: number;
    y: number;
    width: number;
    height: number;
}

/** Areas for values, greatest first, that fill `width` by `height`. */
export function squares(values: readonly number[], width: number, height: number): Area[] {
    const total = values.reduce((sum, value) => sum + value, 0);
    if (total <= 0) return [];
    const sizes = values.map((value) => (value / total) * width * height);
    const found: Area[] = [];
    let rest: Area = { x: 0, y: 0, width, height };
    let at = 0;
    while (at < sizes.length) {
        const side = Math.min(rest.width, rest.height);
        let end = at + 1;
        while (end < sizes.length && worst(sizes.slice(at, end + 1), side) <= worst(sizes.slice(at, end), side)) end += 1;
        rest = row(sizes.slice(at, end), rest, found);
        at = end;
    }
    return found;
}

/** How far the least square one of a row is from a square. */
function worst(row: readonly number[], side: number): number {
    const sum = row.reduce((total, size) => total + size, 0);
    return Math.max(...row.map((size) => Math.max((side * side * size) / (sum * sum), (sum * sum) / (side * side * size))));
}

/** Lays a row along the shorter side; gives what is left. */
function row(sizes: readonly number[], rest: Area, found: Area[]): Area {
    const sum = sizes.reduce((total, size) => total + size, 0);
    const upright = rest.width >= rest.height;
    const thick = sum / Math.max(Number.EPSILON, upright ? rest.height : rest.width);
    let along = 0;
    for (const size of sizes) {
        const long = size / Math.max(Number.EPSILON, thick);
        found.push(
            upright
                ? { x: rest.x, y: rest.y + along, width: thick, height: long }
                : { x: rest.x + along, y: rest.y, width: long, height: thick },
        );
        along += long;
    }
    return upright
        ? { ...rest, x: rest.x + thick, width: Math.max(0, rest.width - thick) }
        : { ...rest, y: rest.y + thick, height: Math.max(0, rest.height - thick) };
}
