// The outlines of nodes and of severities. A severity is a shape as well as a colour.
import type { Ink } from "./ink";

export type Outline = "circle" | "hexagon" | "diamond";

/** Incidents are hexagons, alerts diamonds, entities circles. */
export function outlineOf(kind: string): Outline {
    return kind === "incident" ? "hexagon" : kind === "alert" ? "diamond" : "circle";
}

/** Radius of a node in the plane. */
export function radiusOf(kind: string, count: number, root: boolean): number {
    const base = kind === "incident" ? 23 : kind === "alert" ? 17 : 15;
    return base + (root ? 3 : 0) + (count > 1 ? Math.min(9, 2 + Math.log2(count) * 1.4) : 0);
}

const RADIUS_UNITS: Record<Outline, readonly (readonly [number, number])[]> = {
    circle: [],
    hexagon: [0, 1, 2, 3, 4, 5].map((corner) => [Math.cos((corner * Math.PI) / 3), Math.sin((corner * Math.PI) / 3)] as const),
    diamond: [
        [0, -1.12],
        [1.12, 0],
        [0, 1.12],
        [-1.12, 0],
    ],
};

/** Adds an outline to the path. */
export function trace(ink: Ink, outline: Outline, x: number, y: number, radius: number): void {
    if (outline === "circle") {
        ink.moveTo(x + radius, y);
        ink.arc(x, y, radius, 0, 2 * Math.PI);
        return;
    }
    polygon(ink, RADIUS_UNITS[outline], x, y, radius);
}

function polygon(ink: Ink, corners: readonly (readonly [number, number])[], x: number, y: number, radius: number): void {
    corners.forEach(([dx, dy], index) => {
        if (index === 0) ink.moveTo(x + dx * radius, y + dy * radius);
        else ink.lineTo(x + dx * radius, y + dy * radius);
    });
    ink.closePath();
}

const ring = (count: number, turn: number) =>
    Array.from({ length: count }, (_, corner) => {
        const angle = turn + (corner * 2 * Math.PI) / count;
        return [Math.cos(angle), Math.sin(angle)] as const;
    });

const SEVERITY: Record<string, readonly (readonly [number, number])[]> = {
    Critical: Array.from({ length: 10 }, (_, corner) => {
        const angle = -Math.PI / 2 + (corner * Math.PI) / 5;
        const reach = corner % 2 === 0 ? 1.25 : 0.55;
        return [Math.cos(angle) * reach, Math.sin(angle) * reach] as const;
    }),
    High: ring(3, -Math.PI / 2).map(([x, y]) => [x * 1.2, y * 1.2 + 0.15] as const),
    Medium: ring(4, 0).map(([x, y]) => [x * 1.1, y * 1.1] as const),
    Low: ring(3, Math.PI / 2).map(([x, y]) => [x * 1.2, y * 1.2 - 0.15] as const),
};

/** Adds the sign of a severity to the path: star, triangle, diamond, triangle on its tip, disc. */
export function traceSeverity(ink: Ink, severity: string | undefined, x: number, y: number, radius: number): void {
    const corners = severity === undefined ? undefined : SEVERITY[severity];
    if (corners) {
        polygon(ink, corners, x, y, radius);
        return;
    }
    ink.moveTo(x + radius * 0.8, y);
    ink.arc(x, y, radius * 0.8, 0, 2 * Math.PI);
}

/** The sign as SVG path data on a 12 grid, for legends and lists. */
export function severityPath(severity: string | undefined): string {
    const corners = severity === undefined ? undefined : SEVERITY[severity];
    if (!corners) return "M10 6A4 4 0 1 1 2 6 4 4 0 1 1 10 6Z";
    return `${corners.map(([x, y], index) => `${index === 0 ? "M" : "L"}${(6 + x * 4.4).toFixed(2)} ${(6 + y * 4.4).toFixed(2)}`).join("")}Z`;
}
