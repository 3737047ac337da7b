// A form out of a list of fields. Every kind of value has its own field; the whole can be written as JSON as well.
import { useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";

/** The part of a value that a name means: `trigger.on` lies inside `trigger`. */
export function at(value: Value, name: string): unknown {
    return name
        .split(".")
        .reduce<unknown>((part, step) => (typeof part === "object" && part !== null ? (part as Value)[step] : undefined), value);
}

/** The value with another part under a name. */
export function withAt(value: Value, name: string, part: unknown): Value {
    const [first = "", ...rest] = name.split(".");
    if (rest.length === 0) return { ...value, [first]: part };
    const before = value[first];
    return { ...value, [first]: withAt(typeof before === "object" && before !== null ? (before as Value) : {}, rest.join("."), part) };
}

/** One member of a definition: the name of a part of a part has a dot in it. */
export interface FormField {
    name: string;
    label: string;
    kind: "text" | "long" | "choice" | "words" | "flag" | "number" | "conditions" | "json";
    values?: readonly string[];
    hint?: string;
    required?: boolean;
}

type Value = Record<string, unknown>;

interface Props {
    fields: readonly FormField[];
    value: Value;
    onValue: (value: Value) => void;
}

export function Form({ fields, value, onValue }: Props) {
    const [asJson, setAsJson] = useState(fields.length === 0);
    return (
        <>
            {asJson ? (
                <JsonField label="Definition" value={value} onValue={(next) => onValue(next as Value)} rows={18} />
            ) : (
                fields.map((field) => (
                    <Field
                        key={field.name}
                        field={field}
                        value={at(value, field.name)}
                        onValue={(next) => onValue(withAt(value, field.name, next))}
                    />
                ))
            )}
            {fields.length > 0 && (
                <button type="button" class="button quiet small form-switch" aria-pressed={asJson} onClick={() => setAsJson(!asJson)}>
                    As JSON
                </button>
            )}
        </>
    );
}

function Field({ field, value, onValue }: { field: FormField; value: unknown; onValue: (value: unknown) => void }) {
    const label = (
        <span class="muted">
            {field.label}
            {field.required && <span aria-hidden="true"> *</span>}
        </span>
    );
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    switch (field.kind) {
        case "conditions":
            return <Conditions label={field.label} value={value} onValue={onValue} hint={field.hint ?? ""} />;
        case "json":
            return <JsonField label={field.label} value={value ?? null} onValue={onValue} rows={6} />;
        case "flag":
            return (
                <label class="menu-item">
                    <input type="checkbox" checked={value === true} onChange={(event) => onValue(event.currentTarget.checked)} />
                    {field.label}
                </label>
            );
        case "choice":
            return (
                <label class="stack">
                    {label}
                    <select class="field" value={text} onChange={(event) => onValue(event.currentTarget.value)}>
                        {(field.values ?? []).map((one) => (
                            <option key={one}>{one}</option>
                        ))}
                    </select>
                </label>
            );
        case "long":
            return (
                <label class="stack">
                    {label}
                    <textarea
                        class="field area"
                        rows={3}
                        placeholder={field.hint}
                        value={text}
                        onInput={(event) => onValue(event.currentTarget.value)}
                    />
                </label>
            );
        case "words":
            return (
                <label class="stack">
                    {label}
                    <input
                        class="field"
                        placeholder={field.hint ?? "parted by commas"}
                        value={Array.isArray(value) ? value.join(", ") : text}
                        onChange={(event) =>
                            onValue(
                                event.currentTarget.value
                                    .split(",")
                                    .map((one) => one.trim())
                                    .filter(Boolean),
                            )
                        }
                    />
                </label>
            );
        default:
            return (
                <label class="stack">
                    {label}
                    <input
                        class="field"
                        inputMode={field.kind === "number" ? "numeric" : "text"}
                        placeholder={field.hint}
                        required={field.required ?? false}
                        value={text}
                        onInput={(event) =>
                            onValue(field.kind === "number" ? Number(event.currentTarget.value) : event.currentTarget.value)
                        }
                    />
                </label>
            );
    }
}

function JsonField({ label, value, onValue, rows }: { label: string; value: unknown; onValue: (value: unknown) => void; rows: number }) {
    const [text, setText] = useState(() => JSON.stringify(value, null, 2));
    const [problem, setProblem] = useState("");
    return (
        <label class="stack">
            <span class="muted">{label}</span>
            <textarea
                class="field area mono"
                rows={rows}
                spellcheck={false}
                value={text}
                aria-invalid={problem !== ""}
                onInput={(event) => {
                    setText(event.currentTarget.value);
                    try {
                        onValue(JSON.parse(event.currentTarget.value));
                        setProblem("");
                    } catch (error) {
                        setProblem(error instanceof Error ? error.message : String(error));
                    }
                }}
            />
            {problem && <span class="small bad">{problem}</span>}
        </label>
    );
}

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
        [how]:
            how === "in"
                ? value
                      .split(",")
                      .map((one) => one.trim())
                      .filter(Boolean)
                : value,
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

function Conditions({ label, value, onValue, hint }: ConditionsProps) {
    const all = readConditions(value);
    const put = (next: readonly Condition[]) => onValue(writeConditions(next));
    const change = (at: number, part: Partial<Condition>) => put(all.map((one, index) => (index === at ? { ...one, ...part } : one)));
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            <datalist id="condition-fields">
                {FIELDS.map((one) => (
                    <option key={one} value={one} />
                ))}
            </datalist>
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
            <button type="button" class="button small" onClick={() => put([...all, { field: "", how: "equals", value: "" }])}>
                <Icon name="plus" />
                Condition
            </button>
        </fieldset>
    );
}
