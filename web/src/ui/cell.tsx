// A value of a table's cell as text.
import { formatTime, utcTime } from "../state/time";

/** What a cell says, on one line. */
export function cellText(value: unknown, type: string): string {
    if (value === null || value === undefined) return "";
    if (type === "datetime" && (typeof value === "string" || typeof value === "number")) return formatTime(value);
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function CellText({ value, type }: { value: unknown; type: string }) {
    if (value === null || value === undefined) return <span class="faint">null</span>;
    const text = cellText(value, type);
    return <span title={type === "datetime" && typeof value === "string" ? utcTime(value) : text}>{text}</span>;
}
