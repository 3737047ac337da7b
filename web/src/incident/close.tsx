// The window that closes incidents: why, and what is left to say.
import { useState } from "preact/hooks";
import { useAsk } from "../api/resource";
import type { IncidentFields } from "../api/types";
import { draft, keepDraft } from "../state/draft";
import { Dialog } from "../ui/dialog";
import { closings } from "./change";

interface Props {
    title: string;
    /** Under what a remark that was begun is kept. */
    begun?: string;
    onDone: () => void;
    /** Closes with these fields; gives whether it was done. */
    onClose: (fields: IncidentFields) => Promise<boolean>;
}

export function CloseDialog({ title, begun, onDone, onClose }: Props) {
    const [at, setAt] = useState(0);
    const [comment, setComment] = useState(begun ? draft(begun) : "");
    const [busy, setBusy] = useState(false);
    // The workspace may do without a remark; as long as nobody said so, one is needed.
    const needed = useAsk("policy", {}).data?.closing_comment ?? true;
    const write = (text: string) => {
        setComment(text);
        if (begun) keepDraft(begun, text);
    };
    const close = async () => {
        const [classification, reason] = closings[at] ?? ["Undetermined", ""];
        setBusy(true);
        const fields: IncidentFields = { status: "Closed", classification };
        if (comment.trim()) fields.classification_comment = comment.trim();
        if (reason) fields.classification_reason = reason;
        const done = await onClose(fields);
        setBusy(false);
        if (!done) return;
        write("");
        onDone();
    };
    return (
        <Dialog title={title} onClose={onDone}>
            <form
                class="close-form"
                onSubmit={(event) => {
                    event.preventDefault();
                    void close();
                }}
            >
                <fieldset>
                    <legend>Classification</legend>
                    {closings.map(([classification, reason, label], index) => (
                        <label key={classification + reason} class="menu-item">
                            <input type="radio" name="classification" checked={index === at} onChange={() => setAt(index)} />
                            {label}
                        </label>
                    ))}
                </fieldset>
                <label class="stack">
                    <span class="muted">Comment</span>
                    <textarea
                        class="field area"
                        rows={4}
                        required={needed}
                        value={comment}
                        onInput={(event) => write(event.currentTarget.value)}
                        placeholder="What was found, what was done"
                    />
                </label>
                <div class="line">
                    <span class="grow" />
                    <button type="button" class="button" onClick={onDone}>
                        Cancel
                    </button>
                    <button type="submit" class="button primary" disabled={busy}>
                        Close incident
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
