// The fields that forms are made of: each has its label, a value, and tells every change of it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";

interface Common<T> {
    label: string;
    value: T;
    onValue: (value: T) => void;
    hint?: string | undefined;
    required?: boolean;
    /** The label is only for those who cannot see the field: what stands around it tells the others. */
    bare?: boolean;
}

function Label({ text, required = false, bare = false }: { text: string; required?: boolean; bare?: boolean }) {
    return (
        <span class={bare ? "hidden-visually" : "muted"}>
            {text}
            {required && <span aria-hidden="true"> *</span>}
        </span>
    );
}

/** A line of text. */
export function TextField({
    label,
    value,
    onValue,
    hint,
    required = false,
    bare = false,
    numeric = false,
    list = "",
}: Common<string> & { numeric?: boolean /** Id of a `datalist` with suggestions. */; list?: string }) {
    return (
        <label class={bare ? "bare-field" : "stack"}>
            <Label text={label} required={required} bare={bare} />
            <input
                class="field"
                list={list}
                inputMode={numeric ? "numeric" : "text"}
                placeholder={hint}
                required={required}
                value={value}
                spellcheck={false}
                autocomplete="off"
                onInput={(event) => onValue(event.currentTarget.value)}
            />
        </label>
    );
}

/** Several lines of text. */
export function LongField({ label, value, onValue, hint }: Common<string>) {
    return (
        <label class="stack">
            <Label text={label} />
            <textarea
                class="field area"
                rows={3}
                placeholder={hint}
                value={value}
                onInput={(event) => onValue(event.currentTarget.value)}
            />
        </label>
    );
}

/** One of some values, each with what it is called. */
export function ChoiceField({
    label,
    value,
    onValue,
    values,
    bare = false,
}: Common<string> & { values: readonly (string | readonly [value: string, label: string])[] }) {
    const pairs = values.map((one) => (typeof one === "string" ? ([one, one] as const) : one));
    const known = pairs.some(([id]) => id === value);
    return (
        <label class={bare ? "bare-field" : "stack"}>
            <Label text={label} bare={bare} />
            <select class="field" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
                {!known && <option value={value}>{value}</option>}
                {pairs.map(([id, name]) => (
                    <option key={id} value={id}>
                        {name}
                    </option>
                ))}
            </select>
        </label>
    );
}

/** The words of a text with commas between them. */
export function wordsOf(text: string): string[] {
    return text
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean);
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A list of words, parted by commas. What is typed stays as it is typed, as long as it stands for the value. */
export function WordsField({ label, value, onValue, hint = "parted by commas", bare = false }: Common<readonly string[]>) {
    const [text, setText] = useState("");
    return (
        <TextField
            label={label}
            hint={hint}
            bare={bare}
            value={same(wordsOf(text), value) ? text : value.join(", ")}
            onValue={(next) => {
                setText(next);
                onValue(wordsOf(next));
            }}
        />
    );
}

/** Some of a few values. */
export function SomeField({ label, value, onValue, values }: Common<readonly string[]> & { values: readonly string[] }) {
    return (
        <fieldset class="some">
            <legend class="muted">{label}</legend>
            {values.map((one) => (
                <label key={one} class="menu-item">
                    <input
                        type="checkbox"
                        checked={value.includes(one)}
                        onChange={(event) =>
                            onValue(values.filter((other) => (other === one ? event.currentTarget.checked : value.includes(other))))
                        }
                    />
                    {one}
                </label>
            ))}
        </fieldset>
    );
}

/** Yes or no. */
export function FlagField({ label, value, onValue }: Common<boolean>) {
    return (
        <label class="menu-item">
            <input type="checkbox" checked={value} onChange={(event) => onValue(event.currentTarget.checked)} />
            {label}
        </label>
    );
}

const named = (pairs: readonly (readonly [string, string])[]) => Object.fromEntries(pairs.filter(([name]) => name.trim() !== ""));

/** Names with values, such as the headers of a request. */
export function PairsField({ label, value, onValue, noun }: Common<Readonly<Record<string, string>>> & { noun: string }) {
    const [typed, setTyped] = useState<readonly (readonly [string, string])[]>([]);
    // Pairs that have no name yet are no part of the value, and stay as long as they stand beside it.
    const pairs = same(named(typed), value) ? typed : Object.entries(value);
    const put = (next: readonly (readonly [string, string])[]) => {
        setTyped(next);
        onValue(named(next));
    };
    const change = (place: number, pair: readonly [string, string]) => put(pairs.map((one, index) => (index === place ? pair : one)));
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            {pairs.map(([name, text], place) => (
                <div key={place} class="named-value">
                    <TextField
                        bare
                        label={`Name of ${noun} ${place + 1}`}
                        hint="Authorization"
                        value={name}
                        onValue={(next) => change(place, [next, text])}
                    />
                    <TextField bare label={`Value of ${noun} ${place + 1}`} value={text} onValue={(next) => change(place, [name, next])} />
                    <IconButton
                        icon="close"
                        small
                        label={`Remove ${noun} ${place + 1}`}
                        onClick={() => put(pairs.filter((_, index) => index !== place))}
                    />
                </div>
            ))}
            <AddButton label={noun} onClick={() => put([...pairs, ["", ""]])} />
        </fieldset>
    );
}

/** Adds one more of something. */
export function AddButton({ label, onClick }: { label: string; onClick: () => void }) {
    return (
        <button type="button" class="button small add" onClick={onClick}>
            <Icon name="plus" />
            {label}
        </button>
    );
}

/** Any value, written as JSON. What is no JSON yet is not told. */
export function JsonField({ label, value, onValue, rows }: Common<unknown> & { rows: number }) {
    const [text, setText] = useState(() => JSON.stringify(value, null, 2));
    const [problem, setProblem] = useState("");
    return (
        <label class="stack">
            <Label text={label} />
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

/** Values that fields offer while one types; `id` is what their `list` names. */
export function Suggestions({ id, of }: { id: string; of: readonly string[] }) {
    return (
        <datalist id={id}>
            {of.map((one) => (
                <option key={one} value={one} />
            ))}
        </datalist>
    );
}

/** A group of fields that depend on what kind of thing is chosen first. */
export function KindFields({
    label,
    value,
    values,
    onKind,
    children,
}: {
    label: string;
    value: string;
    values: readonly (readonly [string, string])[];
    onKind: (kind: string) => void;
    children: ComponentChildren;
}) {
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            <ChoiceField bare label={label} value={value} values={values} onValue={onKind} />
            {children}
        </fieldset>
    );
}
