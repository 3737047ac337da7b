// Keeps a row as evidence: with a name, what it shows, the query that gave it, and the incident that it speaks for.

import { useRef, useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { ask, errorDetail } from "../api/client";
import { saying } from "../api/hint";
import { refresh } from "../app/live";
import { Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { toast } from "../ui/toast";

export interface Evidence {
    /** What it may be called. */
    name: string;
    row: Record<string, unknown>;
    /** Text of the query that gave it. */
    query: string;
    /** The incident that it speaks for, by id or number. */
    incident?: string;
}

/** The incident that was named last: mostly the one that is being worked on. */
let lastIncident = "";

export function KeepRow({ evidence, small = false }: { evidence: Evidence; small?: boolean }) {
    const anchor = useRef<HTMLSpanElement>(null);
    useKeys("Evidence", [
        { keys: "p", needs: "respond", label: "Keep the row as evidence", run: () => anchor.current?.querySelector("button")?.click() },
    ]);
    return (
        <span ref={anchor} class="keep">
            <Needs right="respond">
                <Popover
                    class={`button ${small ? "quiet small" : ""}`}
                    right
                    name="Keep as evidence"
                    label={
                        <>
                            <Icon name="bookmark" />
                            {!small && "Keep"}
                        </>
                    }
                >
                    {(close) => <KeepForm evidence={evidence} onDone={close} />}
                </Popover>
            </Needs>
        </span>
    );
}

function KeepForm({ evidence, onDone }: { evidence: Evidence; onDone: () => void }) {
    const [name, setName] = useState(evidence.name);
    const [notes, setNotes] = useState("");
    const [incident, setIncident] = useState(evidence.incident ?? lastIncident);
    const keep = async () => {
        const incidents = incident
            .split(",")
            .map((one) => one.trim())
            .filter(Boolean);
        try {
            const body = {
                name: name.trim(),
                row: evidence.row,
                query: evidence.query,
                incidents,
                ...(notes.trim() ? { notes: notes.trim() } : {}),
            };
            const made = await ask("create_bookmark", {}, { body });
            lastIncident = incident;
            refresh();
            onDone();
            toast(`Kept as "${made.name}"`, { action: { label: "Undo", run: () => void removeBookmark(made.id) } });
        } catch (error) {
            toast(saying(error), { tone: "bad" });
        }
    };
    return (
        <form
            class="form keep-form"
            onSubmit={(event) => {
                event.preventDefault();
                void keep();
            }}
        >
            <label class="stack">
                <span class="muted">Name</span>
                <input class="field" required value={name} onInput={(event) => setName(event.currentTarget.value)} />
            </label>
            <label class="stack">
                <span class="muted">What it shows</span>
                <textarea class="field area" rows={3} value={notes} onInput={(event) => setNotes(event.currentTarget.value)} />
            </label>
            <label class="stack">
                <span class="muted">Incident</span>
                <input
                    class="field"
                    placeholder="4, or none"
                    value={incident}
                    onInput={(event) => setIncident(event.currentTarget.value)}
                />
            </label>
            <div class="line">
                <span class="grow" />
                <button type="submit" class="button primary">
                    Keep
                </button>
            </div>
        </form>
    );
}

/** Removes a bookmark; its earlier versions stay with the server. */
export async function removeBookmark(id: string): Promise<void> {
    try {
        await ask("remove_bookmark", { id });
        toast("Bookmark removed");
    } catch (error) {
        toast(errorDetail(error).message, { tone: "bad" });
    }
    refresh();
}
