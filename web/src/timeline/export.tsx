// A timeline as a file (CSV, JSON lines or Markdown) or on paper, read to its end page by page.
import { type Answer, ask, type Params } from "../api/client";
import type { TimelineItem } from "../api/types";
import { csvLine, saveFile } from "../state/csv";
import { formatCount } from "../state/time";
import { readPages, WHOLE_PAGE_ROWS } from "../state/whole";
import { spaced } from "../ui/kinds";
import { type PaperColumn, printList } from "../ui/paper";
import { Severity, Time } from "../ui/parts";
import { toast } from "../ui/toast";

export type Format = "csv" | "jsonl" | "md";

const TYPES: Record<Format, string> = { csv: "text/csv;charset=utf-8", jsonl: "application/x-ndjson", md: "text/markdown;charset=utf-8" };
const COLUMNS = ["Time", "End", "Kind", "Severity", "Tactics", "Message", "Source", "Node", "Seq"];

/** What stands before the first item. */
export function headOf(format: Format): string {
    if (format === "csv") return csvLine(COLUMNS);
    return format === "md" ? `| ${COLUMNS.slice(0, 7).join(" | ")} |\n|${" --- |".repeat(7)}\n` : "";
}

/** One item as text, with its end of line. */
export function lineOf(format: Format, item: TimelineItem): string {
    if (format === "jsonl") return `${JSON.stringify(item)}\n`;
    const cells = [item.time, item.end, item.kind, item.severity, item.tactics.join("; "), item.message, item.source];
    if (format === "csv") return csvLine([...cells, item.node, item.seq]);
    return `| ${cells.map((cell) => markdown(cell ?? "")).join(" | ")} |\n`;
}

/** A text inside a Markdown table: none of it is markup. */
export function markdown(text: string): string {
    return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>()#+!|~&-]/g, "\\$&");
}

/** Reads everything that fits and gives it to the browser as a file. */
export async function exportTimeline(params: Params<"timeline">, format: Format, name: string): Promise<void> {
    const parts = [headOf(format)];
    let count = 0;
    const take = (page: Answer<"timeline">) => {
        // Undated items come on the first page only; in a file they stand first.
        parts.push([...page.undated, ...page.value].map((item) => lineOf(format, item)).join(""));
        count += page.undated.length + page.value.length;
        return `${formatCount(count)} items read`;
    };
    if (!(await readPages(pageOf(params), take, "Nothing was saved"))) return;
    saveFile(`${name}.${format}`, TYPES[format], parts);
    toast(`${formatCount(count)} items saved as ${name}.${format}`);
}

const pageOf = (params: Params<"timeline">) => (cursor: string | null, signal: AbortSignal) =>
    ask("timeline", { ...params, limit: WHOLE_PAGE_ROWS, ...(cursor === null ? {} : { cursor }) }, { signal });

const paperColumns: readonly PaperColumn<TimelineItem>[] = [
    { label: "Time", cell: (item) => <Time at={item.time ?? null} /> },
    { label: "Kind", cell: (item) => item.kind },
    { label: "Severity", cell: (item) => item.severity && <Severity name={item.severity} /> },
    { label: "What happened", cell: (item) => item.message },
    { label: "Tactics", cell: (item) => item.tactics.map(spaced).join(", ") },
    { label: "Source", cell: (item) => item.source },
];

/** Prints what fits, items without a time first. */
export function printTimeline(params: Params<"timeline">): Promise<void> {
    const load = pageOf(params);
    return printList(paperColumns, async (cursor, signal) => {
        const { undated, value, counts, ...page } = await load(cursor, signal);
        const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
        return { rows: [...undated, ...value], cursor: page.cursor, total };
    });
}
