// Numbers and titles of incidents that answers name by id only: asked for as they come into sight, kept, and asked again when something changed.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api/client";
import { seq } from "../app/live";

/** What people know an incident by. */
export interface IncidentName {
    readonly number: number | null;
    readonly title: string;
}

const AT_ONCE = 4;

const names = signal<ReadonlyMap<string, IncidentName>>(new Map());
/** The state of the workspace for which each name was asked last. */
const asked = new Map<string, number>();
const wanted: string[] = [];
let working = 0;

/** The name of an incident, as soon as it is known. */
export function useIncidentName(id: string): IncidentName | undefined {
    const version = seq.value;
    useEffect(() => want(id, version), [id, version]);
    return names.value.get(id);
}

/** Its name in one line: with the number where there is one, by its id until more is known. */
export function nameText(id: string, name: IncidentName | undefined): string {
    if (!name) return `Incident ${id.slice(0, 8)}`;
    return name.number === null ? name.title : `#${name.number} ${name.title}`;
}

function want(id: string, version: number): void {
    if (asked.get(id) === version) return;
    asked.set(id, version);
    wanted.push(id);
    if (working < AT_ONCE) void work();
}

/** Asks for one name after the other, the latest wanted first: that row is in sight, others may have been scrolled past. */
async function work(): Promise<void> {
    working += 1;
    for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
        try {
            const node = `incident:${id}`;
            const found = (await ask("neighbors", { node, limit: 1 })).nodes.find((one) => one.id === node);
            if (!found) continue;
            const { number } = found.properties;
            names.value = new Map(names.peek()).set(id, { number: typeof number === "number" ? number : null, title: found.label });
        } catch {
            // It keeps its id, and is asked for again when it comes into sight again.
            asked.delete(id);
        }
    }
    working -= 1;
}
