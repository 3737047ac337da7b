// Writes CSV that a spreadsheet opens safely, and lists of any length into a file.
import { toast } from "../ui/toast";
import type { PageAnswer } from "./pages";
import { formatCount } from "./time";
import { readPages } from "./whole";

/** A cell. A text that a spreadsheet would take for a formula gets an apostrophe: alert texts come from attackers too. */
export function csvCell(value: unknown): string {
    if (value === null || value === undefined) return "";
    const text = Array.isArray(value) ? value.join("; ") : typeof value === "object" ? JSON.stringify(value) : String(value);
    const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line with its end. */
export function csvLine(values: readonly unknown[]): string {
    return `${values.map(csvCell).join(",")}\r\n`;
}

/** Gives `parts` to the browser as a file to keep. */
export function saveFile(name: string, type: string, parts: readonly BlobPart[]): void {
    saveBlob(name, new Blob([...parts], { type }));
}

/** Gives bytes to the browser as a file to keep. */
export function saveBlob(name: string, blob: Blob): void {
    const url = URL.createObjectURL(blob);
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Reads a list to its end, page by page, and saves it as CSV. Neither rows nor texts are kept. */
export async function saveList<T>(
    name: string,
    columns: readonly (readonly [string, (row: T) => unknown])[],
    load: (cursor: string | null, signal: AbortSignal) => Promise<PageAnswer<T>>,
): Promise<void> {
    // Blobs lie with the browser, on disk where they are many: a list of any length never is in the memory of the page.
    const parts: Blob[] = [new Blob([csvLine(columns.map(([label]) => label))])];
    let rows = 0;
    const take = (page: PageAnswer<T>) => {
        parts.push(new Blob([page.rows.map((row) => csvLine(columns.map(([, value]) => value(row)))).join("")]));
        rows += page.rows.length;
        return `CSV: ${formatCount(rows)} of ${formatCount(page.total)} rows read`;
    };
    if (!(await readPages(load, take, "The CSV was not saved"))) return;
    saveFile(`${name}.csv`, "text/csv;charset=utf-8", parts);
    toast(`${formatCount(rows)} rows saved as ${name}.csv`);
}
