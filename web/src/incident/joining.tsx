// Windows that join and part incidents: merge one into another, split alerts off, put one under another, add alerts to one.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ask } from "../api/client";
import type { Changed } from "../api/types";
import { incidentHref, navigate } from "../router/router";
import { Dialog } from "../ui/dialog";
import { severities } from "../ui/kinds";
import { changed, changedAll, changeFields } from "./change";
import { type Choice, ChoiceList, IncidentPicker } from "./picker";

interface FrameProps {
    title: string;
    button: string;
    ready: boolean;
    onDone: () => void;
    /** Does it; gives whether it was done. */
    run: () => Promise<boolean>;
    children: ComponentChildren;
}

/** A window with one deed. */
export function DeedDialog({ title, button, ready, onDone, run, children }: FrameProps) {
    const [busy, setBusy] = useState(false);
    const go = async () => {
        setBusy(true);
        const done = await run();
        setBusy(false);
        if (done) onDone();
    };
    return (
        <Dialog title={title} onClose={onDone}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    if (ready && !busy) void go();
                }}
            >
                {children}
                <div class="dialog-foot">
                    <button type="button" class="button" onClick={onDone}>
                        Cancel
                    </button>
                    <button type="submit" class="button primary" disabled={!ready || busy}>
                        {button}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}

const named = (choice: { number?: number | null; title: string }) => (choice.number ? `incident ${choice.number}` : `"${choice.title}"`);

/** Merges one incident into another that is chosen here. */
export function MergeInto({ incident, onDone }: { incident: Choice; onDone: () => void }) {
    const [into, setInto] = useState<Choice>();
    const run = async () => {
        if (!into) return false;
        const made = await changed(ask("merge_incident", { id: incident.id }, { body: { into: into.id } }), `Merged into ${named(into)}`);
        if (made) navigate(incidentHref(into));
        return made;
    };
    return (
        <DeedDialog title={`Merge ${named(incident)} into another`} button="Merge" ready={into !== undefined} onDone={onDone} run={run}>
            <p class="muted dialog-text">
                Alerts, comments, tasks and tags go over; this incident is closed and points to the other one. Undo parts them again.
            </p>
            <IncidentPicker chosen={into?.id ?? ""} without={[incident.id]} onChoose={setInto} />
        </DeedDialog>
    );
}

const rank = (choice: Choice) => severities.findIndex((name) => name === choice.severity);

/** Merges several incidents into one of them. */
export function MergeSeveral({ incidents, onDone }: { incidents: readonly Choice[]; onDone: (done: boolean) => void }) {
    const gravest = [...incidents].sort((a, b) => rank(a) - rank(b) || (a.number ?? 0) - (b.number ?? 0))[0];
    const [into, setInto] = useState<Choice | undefined>(gravest);
    const run = async () => {
        if (!into) return false;
        const others = incidents.filter((one) => one.id !== into.id);
        const deeds = others.map((one) => (): Promise<Changed> => ask("merge_incident", { id: one.id }, { body: { into: into.id } }));
        const made = await changedAll(deeds, `${others.length + 1} incidents are ${named(into)} now`);
        if (made) onDone(true);
        return made;
    };
    return (
        <DeedDialog
            title={`Merge ${incidents.length} incidents`}
            button="Merge"
            ready={into !== undefined}
            onDone={() => onDone(false)}
            run={run}
        >
            <p class="muted dialog-text">
                The chosen one stays and takes over alerts, comments, tasks and tags; the others are closed and point to it.
            </p>
            <ChoiceList rows={incidents} chosen={into?.id ?? ""} onChoose={setInto} />
        </DeedDialog>
    );
}

/** Moves alerts of an incident into a new one. */
export function SplitOff({ incident, alerts, onDone }: { incident: Choice; alerts: readonly string[]; onDone: (done: boolean) => void }) {
    const [title, setTitle] = useState("");
    const what = alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`;
    const run = async () => {
        const body = { alerts: [...alerts], ...(title.trim() ? { title: title.trim() } : {}) };
        const made = await changed(ask("split_incident", { id: incident.id }, { body }), `${what} moved into a new incident`);
        if (made) onDone(true);
        return made;
    };
    return (
        <DeedDialog title={`Split ${what} off`} button="Split" ready onDone={() => onDone(false)} run={run}>
            <label class="stack">
                <span class="muted">Title of the new incident</span>
                <input class="field" value={title} placeholder={incident.title} onInput={(event) => setTitle(event.currentTarget.value)} />
            </label>
        </DeedDialog>
    );
}

/** Puts an incident under another one, or on its own again. */
export function ParentDialog({
    incident,
    parent,
    onDone,
}: {
    incident: Choice & { etag: string };
    parent: string | null | undefined;
    onDone: () => void;
}) {
    const [chosen, setChosen] = useState<Choice>();
    return (
        <DeedDialog
            title={`Put ${named(incident)} under another`}
            button="Put under it"
            ready={chosen !== undefined && chosen.id !== parent}
            onDone={onDone}
            run={async () => (chosen ? changeFields(incident, { parent: chosen.id }, `Belongs under ${named(chosen)} now`) : false)}
        >
            <p class="muted dialog-text">Both stay as they are; the one below names the one above it.</p>
            <IncidentPicker chosen={chosen?.id ?? parent ?? ""} without={[incident.id]} onChoose={setChosen} />
        </DeedDialog>
    );
}

/** Adds alerts to an incident that is chosen here. */
export function AddAlerts({ alerts, onDone }: { alerts: readonly string[]; onDone: (done: boolean) => void }) {
    const [into, setInto] = useState<Choice>();
    const what = alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`;
    const run = async () => {
        if (!into) return false;
        const body = { add: [...alerts], remove: [] };
        const made = await changed(ask("update_incident_alerts", { id: into.id }, { body }), `${what} added to ${named(into)}`);
        if (made) onDone(true);
        return made;
    };
    return (
        <DeedDialog title={`Add ${what} to an incident`} button="Add" ready={into !== undefined} onDone={() => onDone(false)} run={run}>
            <IncidentPicker chosen={into?.id ?? ""} without={[]} onChoose={setInto} />
        </DeedDialog>
    );
}

const severityNames = ["High", "Medium", "Low", "Informational"] as const;

/** Makes an incident, of alerts or with none. */
export function NewIncident({
    alerts,
    title: begun = "",
    onDone,
}: {
    alerts: readonly string[];
    title?: string;
    onDone: (done: boolean) => void;
}) {
    const [title, setTitle] = useState(begun);
    const [severity, setSeverity] = useState<string>("Medium");
    const [description, setDescription] = useState("");
    const run = async () => {
        const body = {
            title: title.trim(),
            severity,
            alerts: [...alerts],
            tags: [],
            ...(description.trim() ? { description: description.trim() } : {}),
        };
        let made: Changed | undefined;
        const done = await changed(
            ask("create_incident", {}, { body }).then((answer) => {
                made = answer;
                return answer;
            }),
            "Incident opened",
        );
        const [first] = made?.value ?? [];
        if (done) onDone(true);
        if (done && first) navigate(incidentHref(first));
        return done;
    };
    const what = alerts.length === 0 ? "" : alerts.length === 1 ? " of 1 alert" : ` of ${alerts.length} alerts`;
    return (
        <DeedDialog title={`New incident${what}`} button="Open incident" ready={title.trim() !== ""} onDone={() => onDone(false)} run={run}>
            <div class="form">
                <label class="stack">
                    <span class="muted">Title</span>
                    <input class="field" required value={title} onInput={(event) => setTitle(event.currentTarget.value)} />
                </label>
                <label class="stack">
                    <span class="muted">Severity</span>
                    <select class="field" value={severity} onChange={(event) => setSeverity(event.currentTarget.value)}>
                        {severityNames.map((name) => (
                            <option key={name}>{name}</option>
                        ))}
                    </select>
                </label>
                <label class="stack">
                    <span class="muted">Description</span>
                    <textarea
                        class="field area"
                        rows={3}
                        value={description}
                        onInput={(event) => setDescription(event.currentTarget.value)}
                    />
                </label>
            </div>
        </DeedDialog>
    );
}
