// What a row of the API does not say of an alert: the resource that it is about, the events that its query found. Read for the rows in
// sight, many at once, and kept.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api/client";
import { seq } from "../app/live";
import { sqlText } from "../state/sql";
import { type Fired, firedQuery } from "./fired";
import { objectOf } from "./texts";

export interface AlertFacts {
    readonly resource: string;
    /** The query that raised the alert, and how many rows it found. */
    readonly fired: Fired | undefined;
}

const AT_ONCE = 200;

const known = signal<ReadonlyMap<string, AlertFacts>>(new Map());
/** The state of the workspace for which each alert was asked last. */
const asked = new Map<string, number>();
let wanted: string[] = [];
let busy = false;

/** What else is known of an alert, as soon as it is. */
export function useAlertFacts(id: string): AlertFacts | undefined {
    const version = seq.value;
    useEffect(() => {
        if (asked.get(id) === version) return;
        asked.set(id, version);
        wanted.push(id);
        // All rows of a screen are asked for together.
        queueMicrotask(() => void work());
    }, [id, version]);
    return known.value.get(id);
}

async function work(): Promise<void> {
    if (busy || wanted.length === 0) return;
    busy = true;
    const ids = wanted.slice(0, AT_ONCE);
    wanted = wanted.slice(AT_ONCE);
    const text = `SELECT SystemAlertId, CompromisedEntity, ResourceId, ExtendedProperties, EndTime
FROM SecurityAlert
WHERE SystemAlertId IN (${ids.map(sqlText).join(", ")})
ORDER BY _Seq`;
    try {
        const answer = await ask("query", {}, { body: { lang: "sql", text } });
        const next = new Map(known.peek());
        // Of several versions the newest comes last and stays.
        for (const [id, named, resource, extended, ended] of answer.rows) {
            next.set(String(id), {
                resource: resourceName(named, resource),
                fired: firedQuery(objectOf(extended), ended as string | null),
            });
        }
        known.value = next;
    } catch {
        // The cells stay empty; they are asked for again when the workspace changes.
    }
    busy = false;
    void work();
}

/** The resource in few words: the name that the source puts first, or the last part of a path. */
export function resourceName(named: unknown, path: unknown): string {
    if (typeof named === "string" && named.trim() !== "") return named.trim();
    if (typeof path !== "string") return "";
    return path.split("/").filter(Boolean).pop() ?? "";
}
