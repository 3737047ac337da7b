// The conditions of a suppression rule: fields of an alert, each compared with a value.
import { IconButton } from "../ui/parts";
import { AddButton, Suggestions, wordsOf } from "./inputs";

/** A condition of a rule: a field, how it is compared, with what. */
export interface Condition {
    field: string;
    how: "equals" | "in" | "contains";
    value: string;
}

/** The conditions of a definition, whatever way each is written. */
export function readConditions(value: unknown): Condition[] {
    if (!Array.isArray(value)) return [];
    return value.flatMap((one): Condition[] => {
        if (typeof one !== "object" || one === null) return [];
        const record = one as Record<string, unknown>;
        const field = typeof record.field === "string" ? record.field : "";
        if (Array.isArray(record.in)) return [{ field, how: "in", value: record.in.join(", ") }];
        if (typeof record.contains === "string") return [{ field, how: "contains", value: record.contains }];
        return [{ field, how: "equals", value: typeof record.equals === "string" ? record.equals : "" }];
    });
}

/** Conditions as a definition holds them. */
export function writeConditions(all: readonly Condition[]): unknown[] {
    return all.map(({ field, how, value }) => ({
        field,
        [how]: how === "in" ? wordsOf(value) : value,
    }));
}

const FIELDS = [
    "title",
    "severity",
    "product",
    "provider",
    "description",
    "compromised_entity",
    "entities.host",
    "entities.account",
    "entities.ip.address",
    "entities.file.name",
    "entities.process.commandline",
    "entities.url",
];

interface ConditionsProps {
    label: string;
    value: unknown;
    onValue: (value: unknown) => void;
    hint: string;
}

export function Conditions({ label, value, onValue, hint }: ConditionsProps) {
    const all = readConditions(value);
    const put = (next: readonly Condition[]) => onValue(writeConditions(next));
    const change = (at: number, part: Partial<Condition>) => put(all.map((one, index) => (index === at ? { ...one, ...part } : one)));
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            <Suggestions id="condition-fields" of={FIELDS} />
            {all.map((one, at) => (
                <div key={at} class="condition">
                    <input
                        class="field"
                        list="condition-fields"
                        aria-label={`Field of condition ${at + 1}`}
                        placeholder="entities.host"
                        value={one.field}
                        onInput={(event) => change(at, { field: event.currentTarget.value })}
                    />
                    <select
                        class="field"
                        aria-label={`Comparison of condition ${at + 1}`}
                        value={one.how}
                        onChange={(event) => change(at, { how: event.currentTarget.value as Condition["how"] })}
                    >
                        <option value="equals">is</option>
                        <option value="in">is one of</option>
                        <option value="contains">contains</option>
                    </select>
                    <input
                        class="field"
                        aria-label={`Value of condition ${at + 1}`}
                        placeholder={one.how === "in" ? "parted by commas" : "value"}
                        value={one.value}
                        onInput={(event) => change(at, { value: event.currentTarget.value })}
                    />
                    <IconButton
                        icon="close"
                        small
                        label={`Remove condition ${at + 1}`}
                        onClick={() => put(all.filter((_, index) => index !== at))}
                    />
                </div>
            ))}
            {all.length === 0 && <p class="faint small">{hint}</p>}
            <AddButton label="Condition" onClick={() => put([...all, { field: "", how: "equals", value: "" }])} />
        </fieldset>
    );
}
