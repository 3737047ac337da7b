// Every layout by its name.
import { force } from "./force";
import { byTactic, byTime } from "./layered";
import type { Layout, LayoutEdge, LayoutName, LayoutNode } from "./layout";

export type Layouter = (nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]) => Layout;

export const layouts: Readonly<Record<LayoutName, Layouter>> = {
    force,
    tactic: byTactic,
    // Headings are instants here: whoever shows them writes them in the zone of the person.
    time: (nodes, edges) => byTime(nodes, edges, (time) => String(time)),
};

/** A question to the thread of the layouts. */
export interface Asked {
    readonly number: number;
    readonly name: LayoutName;
    readonly nodes: readonly LayoutNode[];
    readonly edges: readonly LayoutEdge[];
}
