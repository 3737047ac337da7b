// A timeline as a file: CSV, JSON lines or Markdown, read to its end page by page.
import { type Answer, ask, type Params } from "../api/client";
import type { TimelineItem } from "../api/types";
import { csvLine, saveFile } from "../state/csv";
import { formatCount } from "../state/time";
import { toast } from "../ui/toast";

export type Format = "csv" | "jsonl" | "md";

const PAGE_ITEMS = 5_000;
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
    const controller = new AbortController();
    const parts = [headOf(format)];
    let count = 0;
    try {
        for (let cursor: string | undefined; ; ) {
            const asked = { ...params, limit: PAGE_ITEMS, ...(cursor === undefined ? {} : { cursor }) };
            const page: Answer<"timeline"> = await ask("timeline", asked, { signal: controller.signal });
            // Undated items come on the first page only; in a file they stand first.
            parts.push([...page.undated, ...page.value].map((item) => lineOf(format, item)).join(""));
            count += page.undated.length + page.value.length;
            if (!page.cursor) break;
            cursor = page.cursor;
            toast(`${formatCount(count)} items read`, { action: { label: "Stop", run: () => controller.abort() } });
        }
        saveFile(`${name}.${format}`, TYPES[format], parts);
        toast(`${formatCount(count)} items saved as ${name}.${format}`);
    } catch (error) {
        if (!controller.signal.aborted)
            toast(`Nothing was saved: ${error instanceof Error ? error.message : String(error)}`, { tone: "bad" });
    }
}
