// A form out of a list of fields. Every kind of value has its own field; the whole can be written as JSON as well.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ChoiceField, FlagField, JsonField, LongField, TextField, WordsField } from "./inputs";

export type Value = Record<string, unknown>;

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

/** A part of a form that has a shape of its own. */
export interface OwnField {
    label: string;
    hint: string;
    value: unknown;
    onValue: (value: unknown) => void;
    /** The whole definition: what may be chosen in one part may depend on another. */
    whole: Value;
}

/** One member of a definition: the name of a part of a part has a dot in it. */
export interface FormField {
    name: string;
    label: string;
    kind: "text" | "long" | "choice" | "words" | "flag" | "number" | "own";
    values?: readonly (string | readonly [value: string, label: string])[];
    hint?: string;
    required?: boolean;
    /** Of the kind `own`: what it looks like. */
    own?: (props: OwnField) => ComponentChildren;
}

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
                    <Field key={field.name} field={field} whole={value} onValue={(next) => onValue(withAt(value, field.name, next))} />
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

function Field({ field, whole, onValue }: { field: FormField; whole: Value; onValue: (value: unknown) => void }) {
    const { label, hint, required = false } = field;
    const value = at(whole, field.name);
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    switch (field.kind) {
        case "own": {
            const Own = field.own;
            return Own ? <Own label={label} hint={hint ?? ""} value={value} onValue={onValue} whole={whole} /> : null;
        }
        case "flag":
            return <FlagField label={label} value={value === true} onValue={onValue} />;
        case "choice":
            return <ChoiceField label={label} value={text} values={field.values ?? []} onValue={onValue} />;
        case "long":
            return <LongField label={label} hint={hint} value={text} onValue={onValue} />;
        case "words":
            return <WordsField label={label} hint={hint} value={Array.isArray(value) ? value.map(String) : []} onValue={onValue} />;
        case "number":
            return (
                <TextField
                    label={label}
                    hint={hint}
                    required={required}
                    numeric
                    value={text}
                    onValue={(next) => onValue(next.trim() === "" ? undefined : Number(next))}
                />
            );
        default:
            return <TextField label={label} hint={hint} required={required} value={text} onValue={onValue} />;
    }
}
