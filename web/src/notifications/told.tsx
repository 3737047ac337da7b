// What is told, as a form: the kinds, and how grave something new must be. A person fills it in, and an administrator for everybody.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ChoiceField } from "../admin/inputs";
import { severities } from "../ui/kinds";
import { Failure } from "../ui/states";
import { toast } from "../ui/toast";
import { kinds, over, type Told } from "./model";

interface Props<T extends Told> {
    saved: T;
    /** What holds where nothing is chosen here, and whose choice that is. */
    below: { kinds: readonly string[]; severity: string };
    whose: string;
    /** Kinds that are not told here. */
    without?: readonly string[];
    put: (told: T) => Promise<void>;
    onSaved: () => void;
    /** Further fields. */
    children?: (wanted: T, onWanted: (next: T) => void) => ComponentChildren;
}

export function ToldForm<T extends Told>({ saved, below, whose, without = [], put, onSaved, children }: Props<T>) {
    const [wanted, setWanted] = useState(saved);
    const [problem, setProblem] = useState<unknown>();
    const holds = over(wanted, below);
    const save = async (next: T, before: T, said: string) => {
        setProblem(undefined);
        try {
            await put(next);
            toast(said, { action: { label: "Undo", run: () => void save(before, next, "Taken back") } });
            onSaved();
        } catch (error) {
            setProblem(error);
        }
    };
    const tell = (id: string, on: boolean) =>
        setWanted({ ...wanted, kinds: kinds.map(([one]) => one).filter((one) => (one === id ? on : holds.kinds.includes(one))) });
    return (
        <form
            class="card-body stack told"
            onSubmit={(event) => {
                event.preventDefault();
                void save(wanted, saved, "Saved");
            }}
        >
            <fieldset class="told-kinds">
                <legend class="hidden-visually">Kinds</legend>
                {kinds
                    .filter(([id]) => !without.includes(id))
                    .map(([id, label, , when]) => (
                        <label key={id} class="menu-item two">
                            <input
                                type="checkbox"
                                checked={holds.kinds.includes(id)}
                                onChange={(event) => tell(id, event.currentTarget.checked)}
                            />
                            <span class="stack">
                                {label}
                                <span class="faint small">{when}</span>
                            </span>
                        </label>
                    ))}
            </fieldset>
            {wanted.kinds && (
                <button type="button" class="button quiet small told-back" onClick={() => setWanted({ ...wanted, kinds: undefined })}>
                    The kinds {whose}
                </button>
            )}
            <ChoiceField
                label="New incidents and alerts count from"
                value={wanted.severity}
                values={[["", `${below.severity}, ${whose}`], ...severities.slice(0, 5)]}
                onValue={(severity) => setWanted({ ...wanted, severity })}
            />
            {children?.(wanted, setWanted)}
            {problem !== undefined && <Failure error={problem} />}
            <div class="line">
                <span class="grow" />
                <button type="submit" class="button primary" disabled={JSON.stringify(wanted) === JSON.stringify(saved)}>
                    Save
                </button>
            </div>
        </form>
    );
}
