// The search of a list: words and fields, where bare words are looked for, and a window in which conditions are put together.
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { paramList, setParams } from "../router/router";
import { Dialog, Popover } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import {
    type Comparison,
    type Condition,
    comparisons,
    conditionFields,
    conditionsText,
    fieldType,
    places,
    placesParam,
    usualPlaces,
} from "./words";

interface Props {
    field: RefObject<HTMLInputElement | null>;
    text: string;
    /** `Search in the queue`. */
    label: string;
    /** What the field says as long as it is empty. */
    hint: string;
}

export function ListSearch({ field, text, label, hint }: Props) {
    const [advanced, setAdvanced] = useState(false);
    const set = (q: string) => setParams({ q, sel: null });
    return (
        <>
            <form
                class="filter-search"
                role="search"
                aria-label={label}
                onSubmit={(event) => {
                    event.preventDefault();
                    set(field.current?.value.trim() ?? "");
                }}
            >
                <Icon name="search" />
                <input
                    key={text}
                    ref={field}
                    type="search"
                    defaultValue={text}
                    placeholder={hint}
                    aria-label={label}
                    spellcheck={false}
                    autocomplete="off"
                />
            </form>
            <Places onAdvanced={() => setAdvanced(true)} />
            {advanced && <Advanced text={text} onText={set} onDone={() => setAdvanced(false)} />}
        </>
    );
}

/** Chooses where bare words are looked for. */
function Places({ onAdvanced }: { onAdvanced: () => void }) {
    const given = paramList("field");
    const now = given.length > 0 ? given : usualPlaces;
    const put = (chosen: readonly string[]) => setParams({ field: placesParam(chosen), sel: null });
    return (
        <Popover
            class={`button quiet icon small ${given.length > 0 ? "active" : ""}`}
            name="Where words are searched"
            right
            label={<Icon name={given.length > 0 ? "filter" : "down"} />}
        >
            {(close) => (
                <>
                    <div class="menu-title">Words without a field are searched in</div>
                    {places.map(([id, name]) => (
                        <label key={id} class="menu-item">
                            <input
                                type="checkbox"
                                checked={now.includes(id)}
                                onChange={() => put(now.includes(id) ? now.filter((one) => one !== id) : [...now, id])}
                            />
                            {name}
                        </label>
                    ))}
                    <button type="button" class="menu-item" disabled={given.length === 0} onClick={() => put(usualPlaces)}>
                        Set to default
                    </button>
                    <button
                        type="button"
                        class="menu-item"
                        onClick={() => {
                            close();
                            onAdvanced();
                        }}
                    >
                        Advanced search...
                    </button>
                </>
            )}
        </Popover>
    );
}

const fresh: Condition = { field: "title", comparison: "has", value: "", not: false };

/** Puts conditions together and shows the text that they are. */
function Advanced({ text, onText, onDone }: { text: string; onText: (text: string) => void; onDone: () => void }) {
    const [conditions, setConditions] = useState<readonly Condition[]>([fresh]);
    const [join, setJoin] = useState<"AND" | "OR">("AND");
    const [more, setMore] = useState(text !== "");
    const made = conditionsText(conditions, join);
    const whole = more && text && made ? `(${text}) AND (${made})` : made;
    const change = (place: number, part: Partial<Condition>) =>
        setConditions(conditions.map((one, index) => (index === place ? { ...one, ...part } : one)));
    return (
        <Dialog title="Advanced search" onClose={onDone}>
            <form
                class="form"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (!whole) return;
                    onText(whole);
                    onDone();
                }}
            >
                <label class="line search-join">
                    <span class="muted">Find what fits</span>
                    <select class="field" value={join} onChange={(event) => setJoin(event.currentTarget.value as "AND" | "OR")}>
                        <option value="AND">all conditions</option>
                        <option value="OR">any condition</option>
                    </select>
                </label>
                {conditions.map((one, place) => (
                    <ConditionLine
                        key={place}
                        place={place}
                        of={one}
                        onChange={(part) => change(place, part)}
                        {...(conditions.length > 1
                            ? { onRemove: () => setConditions(conditions.filter((_, index) => index !== place)) }
                            : {})}
                    />
                ))}
                <div>
                    <button type="button" class="button small" onClick={() => setConditions([...conditions, fresh])}>
                        <Icon name="plus" />
                        Condition
                    </button>
                </div>
                {text !== "" && (
                    <label class="line">
                        <input type="checkbox" checked={more} onChange={(event) => setMore(event.currentTarget.checked)} />
                        <span>Only among what fits the present search</span>
                    </label>
                )}
                <pre class="json" role="status" aria-label="The search as text">
                    {whole || "Fill in a value"}
                </pre>
                <div class="dialog-foot">
                    <button type="button" class="button" onClick={onDone}>
                        Cancel
                    </button>
                    <button type="submit" class="button primary" disabled={!whole}>
                        Search
                    </button>
                </div>
            </form>
        </Dialog>
    );
}

interface LineProps {
    place: number;
    of: Condition;
    onChange: (part: Partial<Condition>) => void;
    onRemove?: () => void;
}

function ConditionLine({ place, of, onChange, onRemove }: LineProps) {
    const type = fieldType(of.field);
    const number = place + 1;
    return (
        <div class="condition-line">
            <select
                class="field"
                aria-label={`Condition ${number} holds, or not`}
                value={of.not ? "not" : ""}
                onChange={(event) => onChange({ not: event.currentTarget.value === "not" })}
            >
                <option value="">It holds that</option>
                <option value="not">It does not hold that</option>
            </select>
            <select
                class="field"
                aria-label={`Field ${number}`}
                value={of.field}
                onChange={(event) => {
                    const field = event.currentTarget.value;
                    const [first] = comparisons[fieldType(field)];
                    onChange({ field, ...(fieldType(field) === type ? {} : { comparison: first?.[0] ?? "has" }) });
                }}
            >
                {conditionFields.map(([id, label]) => (
                    <option key={id} value={id}>
                        {label}
                    </option>
                ))}
            </select>
            <select
                class="field"
                aria-label={`Comparison ${number}`}
                value={of.comparison}
                onChange={(event) => onChange({ comparison: event.currentTarget.value as Comparison })}
            >
                {comparisons[type].map(([id, label]) => (
                    <option key={id} value={id}>
                        {label}
                    </option>
                ))}
            </select>
            <input
                class="field"
                aria-label={`Value ${number}`}
                disabled={of.comparison === "any"}
                placeholder={type === "time" ? "2026-01-31 or -7d" : ""}
                value={of.value}
                spellcheck={false}
                autocomplete="off"
                onInput={(event) => onChange({ value: event.currentTarget.value })}
            />
            {onRemove && <IconButton icon="close" small label={`Remove condition ${number}`} onClick={onRemove} />}
        </div>
    );
}
