// Makes a report of an incident and gives it to the browser as a file.
import { saveFile } from "../state/csv";
import { toast } from "../ui/toast";
import { collect } from "./collect";
import { htmlReport } from "./html";
import { markdownReport } from "./markdown";
import { graphPicture } from "./picture";

export type ReportFormat = "html" | "md";

/** Reads everything, writes the report, saves it. */
export async function saveReport(id: string, format: ReportFormat): Promise<void> {
    const controller = new AbortController();
    toast("The report is being written", { action: { label: "Stop", run: () => controller.abort() } });
    try {
        // Markdown has no picture: what cannot be shown is not drawn.
        const of = await collect(id, format === "html" ? graphPicture : async () => "", controller.signal);
        const name = `incident-${of.incident.number ?? of.incident.id}.${format}`;
        if (format === "html") saveFile(name, "text/html;charset=utf-8", [htmlReport(of)]);
        else saveFile(name, "text/markdown;charset=utf-8", [markdownReport(of)]);
        toast(`Saved as ${name}`);
    } catch (error) {
        if (controller.signal.aborted) return;
        toast(`The report was not written: ${error instanceof Error ? error.message : String(error)}`, { tone: "bad" });
    }
}
