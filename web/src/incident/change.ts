// Changes of incidents: each says what it did and can be taken back.
import { ask, errorDetail } from "../api/client";
import { saying } from "../api/hint";
import type { AlertFields, AlertFilter, Changed, IncidentFields, IncidentFilter } from "../api/types";
import { refresh } from "../app/live";
import { stored } from "../state/stored";
import { toast } from "../ui/toast";

/** The owner that was chosen last: mostly the person at the desk. */
export const lastOwner = stored<string>("incident.owner", "", (value): value is string => typeof value === "string");

/**
 * Waits for a change, says `text` with a way back, and has every screen look again. Gives whether it was made. Where somebody else was
 * quicker, `again` makes it all the same.
 */
export async function changed(change: Promise<Changed>, text: string, again?: () => void): Promise<boolean> {
    try {
        const made = await change;
        refresh();
        const [first] = made.value;
        if (!first) {
            toast("Nothing to change: it is so already");
            return true;
        }
        toast(text, { action: { label: "Undo", run: () => void undoChanges(first.change) } });
        return true;
    } catch (error) {
        const stale = errorDetail(error).code === "etag_stale";
        toast(stale ? "Somebody else changed it meanwhile: it shows now as it is" : saying(error), {
            tone: "bad",
            action: stale && again ? { label: "Change it all the same", run: again } : undefined,
        });
        refresh();
        return false;
    }
}

/** Makes several changes one after the other, and says so once. Undo takes back all of them, the last one first. */
export async function changedAll(deeds: readonly (() => Promise<Changed>)[], text: string): Promise<boolean> {
    const made: number[] = [];
    try {
        for (const deed of deeds) {
            const [first] = (await deed()).value;
            if (first) made.push(first.change);
        }
    } catch (error) {
        const undone = made.length > 0 ? `; ${made.length} of ${deeds.length} were done` : "";
        toast(saying(error) + undone, {
            tone: "bad",
            ...(made.length > 0 ? { action: { label: "Undo", run: () => void undoChanges(...made) } } : {}),
        });
        refresh();
        return false;
    }
    refresh();
    toast(text, { action: { label: "Undo", run: () => void undoChanges(...made) } });
    return true;
}

/** Takes changes back, the last one first; those of one step go back together. */
export async function undoChanges(...changes: number[]): Promise<void> {
    try {
        for (const change of [...changes].reverse()) await ask("undo_change", { change: String(change) });
        toast("Taken back");
    } catch (error) {
        toast(errorDetail(error).message, { tone: "bad" });
    }
    refresh();
}

/** Changes fields of one incident, if it is still the version that was seen. */
export function changeFields(incident: { id: string; etag: string }, fields: IncidentFields, text: string): Promise<boolean> {
    const put = (seen: { etag?: string }) => ask("update_incident", { id: incident.id }, { body: { ...fields, ...seen } });
    return changed(put({ etag: incident.etag }), text, () => void changed(put({}), text));
}

/** Several incidents: by their ids, or all that a filter of the queue finds. */
export type Many = { readonly incidents: readonly string[] } | { readonly filter: IncidentFilter };

/** Changes fields of several incidents as one step. */
export function changeMany(which: Many, fields: IncidentFields, text: string): Promise<boolean> {
    const body = "filter" in which ? { filter: which.filter, change: fields } : { incidents: [...which.incidents], change: fields };
    return changed(ask("update_incidents", {}, { body }), text);
}

/** Several alerts: by their ids, or all that a filter of the list finds. */
export type ManyAlerts = { readonly alerts: readonly string[] } | { readonly filter: AlertFilter };

/** Changes fields of several alerts as one step. */
export function changeAlerts(which: ManyAlerts, fields: AlertFields, text: string): Promise<boolean> {
    const body = "filter" in which ? { filter: which.filter, change: fields } : { alerts: [...which.alerts], change: fields };
    return changed(ask("update_alerts", {}, { body }), text);
}

/** States that people give alerts. */
export const alertStates = ["New", "InProgress", "Resolved", "Dismissed"] as const;

/** How an incident may be closed: classification with the reasons that go with it. */
export const closings: readonly (readonly [classification: string, reason: string, label: string])[] = [
    ["TruePositive", "SuspiciousActivity", "True positive: suspicious activity"],
    ["BenignPositive", "SuspiciousButExpected", "Benign positive: suspicious but expected"],
    ["FalsePositive", "IncorrectAlertLogic", "False positive: incorrect alert logic"],
    ["FalsePositive", "InaccurateData", "False positive: inaccurate data"],
    ["Undetermined", "", "Undetermined"],
];
