// Links to incidents that are known by their id only: people know them by number and title.
import { useState } from "preact/hooks";
import { formatCount } from "../state/time";
import { NodeLink } from "../ui/parts";
import { nameText, useIncidentName } from "./names";

const SHOWN = 6;

/** Some incidents by their references (`incident:ID`), the first few at once. */
export function IncidentLinks({ of }: { of: readonly string[] }) {
    const [all, setAll] = useState(false);
    const shown = all ? of : of.slice(0, SHOWN);
    return (
        <span class="stack">
            {shown.map((reference) => (
                <IncidentLink key={reference} reference={reference} />
            ))}
            {of.length > shown.length && (
                <button type="button" class="button quiet small" onClick={() => setAll(true)}>
                    All {formatCount(of.length)}
                </button>
            )}
        </span>
    );
}

function IncidentLink({ reference }: { reference: string }) {
    const id = reference.slice(reference.indexOf(":") + 1);
    return <NodeLink reference={reference} kind="incident" label={nameText(id, useIncidentName(id))} />;
}
