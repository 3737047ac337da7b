// The parts of an automation rule that have a shape of their own: what must hold, and what is done then.
import type { Action, AutomationCondition as Condition } from "../api/types";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { at, type OwnField } from "./form";
import { AddButton, ChoiceField, LongField, PairsField, Suggestions, TextField, WordsField } from "./inputs";

type Kind<T, K> = Extract<T, { type: K }>;

const operators = [
    ["equals", "is one of"],
    ["not_equals", "is none of"],
    ["contains", "contains"],
    ["not_contains", "contains none of"],
    ["starts_with", "begins with"],
    ["not_starts_with", "begins with none of"],
    ["ends_with", "ends with"],
    ["not_ends_with", "ends with none of"],
] as const;

const sides = [
    ["any", "changed"],
    ["from", "changed from"],
    ["to", "changed to"],
] as const;

const PROPERTIES = [
    "title",
    "description",
    "severity",
    "status",
    "owner",
    "tags",
    "tactics",
    "techniques",
    "products",
    "provider",
    "alert_type",
    "classification",
    "source",
    "entities.host",
    "entities.account",
    "entities.ip.address",
    "entities.file.name",
    "entities.process.commandline",
    "entities.url",
];

const LISTS = ["alerts", "tags", "tactics", "comments", "tasks"];

const conditionKinds: readonly (readonly [Condition["type"], string])[] = [
    ["property", "Property"],
    ["property_changed", "Property that changed"],
    ["added", "Something added"],
    ["or", "Any of several"],
    ["and", "All of several"],
];

function newCondition(type: Condition["type"]): Condition {
    switch (type) {
        case "property":
            return { type, property: "severity", operator: "equals", values: [] };
        case "property_changed":
            return { type, property: "status", side: "any" };
        case "added":
            return { type, list: "alerts" };
        default:
            return { type, conditions: [newCondition("property")] };
    }
}

/** What must hold before a rule does anything. */
export function RuleConditions({ label, hint, value, onValue, whole }: OwnField) {
    const all = Array.isArray(value) ? (value as Condition[]) : [];
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            <Suggestions id="rule-properties" of={PROPERTIES} />
            <ConditionList of={all} name="condition" updated={at(whole, "trigger.when") === "updated"} onValue={onValue} />
            {all.length === 0 && hint && <p class="faint small">{hint}</p>}
        </fieldset>
    );
}

interface ListProps {
    of: readonly Condition[];
    /** `condition`, `condition 2.`: what the fields of this list are called. */
    name: string;
    /** Whether the rule looks at changes: only then can something have changed. */
    updated: boolean;
    onValue: (all: Condition[]) => void;
}

function ConditionList({ of, name, updated, onValue }: ListProps) {
    const put = (place: number, next: Condition) => onValue(of.map((one, index) => (index === place ? next : one)));
    const offered = conditionKinds.filter(([type]) => updated || (type !== "property_changed" && type !== "added"));
    return (
        <>
            {of.map((one, place) => {
                const called = name.endsWith(".") ? `${name}${place + 1}` : `${name} ${place + 1}`;
                return (
                    <div key={place} class="rule-part">
                        <OneCondition of={one} name={called} updated={updated} onValue={(next) => put(place, next)} />
                        <IconButton
                            icon="close"
                            small
                            label={`Remove ${called}`}
                            onClick={() => onValue(of.filter((_, index) => index !== place))}
                        />
                    </div>
                );
            })}
            <AddChoice
                label={name.endsWith(".") ? "One more" : "Condition"}
                values={offered}
                onChoose={(type) => onValue([...of, newCondition(type as Condition["type"])])}
            />
        </>
    );
}

function OneCondition({
    of,
    name,
    updated,
    onValue,
}: {
    of: Condition;
    name: string;
    updated: boolean;
    onValue: (next: Condition) => void;
}) {
    switch (of.type) {
        case "property":
            return (
                <div class="rule-fields">
                    <PropertyField name={name} value={of.property} onValue={(property) => onValue({ ...of, property })} />
                    <Comparison of={of} name={name} onValue={(part) => onValue({ ...of, ...part })} />
                </div>
            );
        case "property_changed":
            return <Changed of={of} name={name} onValue={onValue} />;
        case "added":
            return (
                <div class="rule-fields">
                    <span class="muted">something was added to</span>
                    <ChoiceField
                        bare
                        label={`List of ${name}`}
                        value={of.list}
                        values={LISTS}
                        onValue={(list) => onValue({ ...of, list })}
                    />
                </div>
            );
        default:
            return (
                <fieldset class="rule-group">
                    <legend class="muted">{of.type === "or" ? "Any of these holds" : "All of these hold"}</legend>
                    <ConditionList
                        of={of.conditions}
                        name={`${name}.`}
                        updated={updated}
                        onValue={(conditions) => onValue({ ...of, conditions })}
                    />
                </fieldset>
            );
    }
}

function PropertyField({ name, value, onValue }: { name: string; value: string; onValue: (property: string) => void }) {
    return <TextField bare label={`Property of ${name}`} list="rule-properties" value={value} onValue={onValue} />;
}

type Operator = NonNullable<Kind<Condition, "property">["operator"]>;

interface Compared {
    operator?: Operator;
    values?: string[];
}

/** How a property is compared, and with which values. */
function Comparison({ of, name, onValue }: { of: Compared; name: string; onValue: (part: Required<Compared>) => void }) {
    const { operator = "equals", values = [] } = of;
    return (
        <>
            <ChoiceField
                bare
                label={`Comparison of ${name}`}
                value={operator}
                values={operators}
                onValue={(next) => onValue({ operator: next as Operator, values })}
            />
            <WordsField bare label={`Values of ${name}`} value={values} onValue={(next) => onValue({ operator, values: [...next] })} />
        </>
    );
}

function Changed({ of, name, onValue }: { of: Kind<Condition, "property_changed">; name: string; onValue: (next: Condition) => void }) {
    const side = of.side ?? "any";
    return (
        <div class="rule-fields">
            <PropertyField name={name} value={of.property} onValue={(property) => onValue({ ...of, property })} />
            <ChoiceField
                bare
                label={`Change of ${name}`}
                value={side}
                values={sides}
                onValue={(next) => onValue({ ...of, side: next as typeof side })}
            />
            {side !== "any" && <Comparison of={of} name={name} onValue={(part) => onValue({ ...of, ...part })} />}
        </div>
    );
}

/** A button that adds one of several kinds. */
function AddChoice({
    label,
    values,
    onChoose,
}: {
    label: string;
    values: readonly (readonly [string, string])[];
    onChoose: (id: string) => void;
}) {
    const [first] = values;
    if (values.length === 1 && first) return <AddButton label={label} onClick={() => onChoose(first[0])} />;
    return (
        <label class="add-choice button small">
            <Icon name="plus" />
            {label}
            <select
                aria-label={`Add: ${label}`}
                value=""
                onChange={(event) => {
                    const chosen = event.currentTarget.value;
                    event.currentTarget.value = "";
                    if (chosen) onChoose(chosen);
                }}
            >
                <option value="" hidden />
                {values.map(([id, name]) => (
                    <option key={id} value={id}>
                        {name}
                    </option>
                ))}
            </select>
        </label>
    );
}

const actionKinds: readonly (readonly [Action["type"], string, readonly string[]])[] = [
    ["add_task", "Add a task", ["incident"]],
    ["modify_incident", "Change the incident", ["incident"]],
    ["modify_alert", "Change the alert", ["alert"]],
    ["notify", "Tell people", ["incident", "alert", "assessment"]],
    ["webhook", "Call an address", ["incident", "alert", "assessment"]],
];

function newAction(type: Action["type"]): Action {
    switch (type) {
        case "add_task":
            return { type, title: "", description: "" };
        case "notify":
            return { type, to: [], text: "" };
        case "webhook":
            return { type, url: "" };
        default:
            return { type, fields: {} };
    }
}

/** What a rule does, in order. */
export function RuleActions({ label, value, onValue, whole }: OwnField) {
    const all = Array.isArray(value) ? (value as Action[]) : [];
    const on = String(at(whole, "trigger.on") ?? "incident");
    const fitting = actionKinds.filter(([, , subjects]) => subjects.includes(on));
    const put = (place: number, next: Action) => onValue(all.map((one, index) => (index === place ? next : one)));
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            {all.map((one, place) => (
                <div key={place} class="rule-part card">
                    <div class="stack grow">
                        <div class="line">
                            <strong class="grow">
                                {place + 1}. {actionKinds.find(([type]) => type === one.type)?.[1] ?? one.type}
                            </strong>
                            {!fitting.some(([type]) => type === one.type) && <span class="tag warn">not for an {on}</span>}
                            <IconButton
                                icon="close"
                                small
                                label={`Remove action ${place + 1}`}
                                onClick={() => onValue(all.filter((_, index) => index !== place))}
                            />
                        </div>
                        <OneAction of={one} place={place + 1} onValue={(next) => put(place, next)} />
                    </div>
                </div>
            ))}
            {all.length === 0 && <p class="faint small">A rule needs at least one action.</p>}
            <AddChoice
                label="Action"
                values={fitting.map(([type, name]) => [type, name] as const)}
                onChoose={(type) => onValue([...all, newAction(type as Action["type"])])}
            />
        </fieldset>
    );
}

function OneAction({ of, place, onValue }: { of: Action; place: number; onValue: (next: Action) => void }) {
    switch (of.type) {
        case "add_task":
            return (
                <>
                    <TextField label={`Task of action ${place}`} required value={of.title} onValue={(title) => onValue({ ...of, title })} />
                    <LongField
                        label="More about it"
                        hint="Markdown"
                        value={of.description ?? ""}
                        onValue={(description) => onValue({ ...of, description })}
                    />
                </>
            );
        case "notify":
            return (
                <>
                    <WordsField
                        label={`Whom action ${place} tells`}
                        hint="names, groups or role:responder, parted by commas"
                        value={of.to}
                        onValue={(to) => onValue({ ...of, to: [...to] })}
                    />
                    <TextField label="What they are told" required value={of.text} onValue={(text) => onValue({ ...of, text })} />
                </>
            );
        case "webhook":
            return (
                <>
                    <TextField
                        label={`Address of action ${place}`}
                        required
                        hint="https://soar.example.com/hook"
                        value={of.url}
                        onValue={(url) => onValue({ ...of, url })}
                    />
                    <p class="faint small">
                        Its host must be on the list of <a href="/admin/policies">hosts that may be called</a>.
                    </p>
                    <TextField
                        label="Secret of the signature"
                        hint="HMAC-SHA256; none sends no signature"
                        value={of.secret ?? ""}
                        onValue={(secret) => onValue({ ...of, secret })}
                    />
                    <PairsField label="Headers" noun="header" value={of.headers ?? {}} onValue={(headers) => onValue({ ...of, headers })} />
                    <LongField
                        label="Body, instead of the event as JSON"
                        hint={'{"text": "{{title}}"}'}
                        value={of.body ?? ""}
                        onValue={(body) => onValue(body ? { ...of, body } : withoutBody(of))}
                    />
                </>
            );
        default:
            return <Fields of={of} place={place} onValue={onValue} />;
    }
}

function withoutBody({ body: _, ...rest }: Kind<Action, "webhook">): Action {
    return rest;
}

type Modify = Kind<Action, "modify_incident"> | Kind<Action, "modify_alert">;

const LEAVE = ["", "leave it"] as const;
const choicesOf = {
    modify_incident: {
        severity: [LEAVE, "High", "Medium", "Low", "Informational"],
        status: [LEAVE, "New", "Active", "Closed"],
    },
    modify_alert: { severity: [], status: [LEAVE, "New", "InProgress", "Resolved", "Dismissed"] },
} as const;
const classifications = [LEAVE, "TruePositive", "BenignPositive", "FalsePositive", "Undetermined"] as const;
const reasons = [LEAVE, "SuspiciousActivity", "SuspiciousButExpected", "IncorrectAlertLogic", "InaccurateData"] as const;

/** The fields of an action that changes something: what is left blank is left alone. */
function Fields({ of, place, onValue }: { of: Modify; place: number; onValue: (next: Action) => void }) {
    const fields = of.fields as Record<string, unknown>;
    const put = (name: string, value: unknown) => {
        const next = { ...fields };
        const blank = value === "" || value === undefined || (Array.isArray(value) && value.length === 0);
        if (blank) delete next[name];
        else next[name] = value;
        onValue({ ...of, fields: next } as Action);
    };
    const text = (name: string) => (typeof fields[name] === "string" ? (fields[name] as string) : "");
    const words = (name: string) => (Array.isArray(fields[name]) ? (fields[name] as string[]) : []);
    const { severity, status } = choicesOf[of.type];
    const closes = of.type === "modify_alert" || text("status") === "Closed";
    const comment = of.type === "modify_alert" ? "comment" : "classification_comment";
    return (
        <>
            <div class="rule-columns">
                <ChoiceField
                    label={`Status of action ${place}`}
                    value={text("status")}
                    values={status}
                    onValue={(value) => put("status", value)}
                />
                {severity.length > 0 && (
                    <ChoiceField label="Severity" value={text("severity")} values={severity} onValue={(value) => put("severity", value)} />
                )}
                <TextField
                    label="Owner"
                    hint="name, or leave it"
                    value={ownerName(fields.owner)}
                    onValue={(name) => put("owner", name ? { name } : undefined)}
                />
            </div>
            <div class="rule-columns">
                <WordsField label="Tags to add" value={words("add_tags")} onValue={(value) => put("add_tags", [...value])} />
                <WordsField label="Tags to remove" value={words("remove_tags")} onValue={(value) => put("remove_tags", [...value])} />
            </div>
            {closes && (
                <>
                    <div class="rule-columns">
                        <ChoiceField
                            label="Classification"
                            value={text("classification")}
                            values={classifications}
                            onValue={(value) => put("classification", value)}
                        />
                        {of.type === "modify_incident" && (
                            <ChoiceField
                                label="Reason"
                                value={text("classification_reason")}
                                values={reasons}
                                onValue={(value) => put("classification_reason", value)}
                            />
                        )}
                    </div>
                    <LongField label="Comment" value={text(comment)} onValue={(value) => put(comment, value)} />
                </>
            )}
        </>
    );
}

function ownerName(owner: unknown): string {
    const name = typeof owner === "object" && owner !== null ? (owner as { name?: unknown }).name : undefined;
    return typeof name === "string" ? name : "";
}
