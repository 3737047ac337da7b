// The parts of an export that have a shape of their own: where it goes, what it takes, and whether it comes at intervals.
import type { ExportFilter, Sasl, Schedule, Target } from "../api/types";
import { severities } from "../ui/kinds";
import type { OwnField } from "./form";
import { ChoiceField, FlagField, KindFields, LongField, PairsField, SomeField, TextField, WordsField } from "./inputs";

const targets: readonly (readonly [Target["type"], string])[] = [
    ["file", "Files in the data directory"],
    ["http", "An address that takes JSON lines"],
    ["syslog", "A syslog collector"],
    ["kafka", "A topic of Kafka or Event Hubs"],
];

function newTarget(type: Target["type"]): Target {
    switch (type) {
        case "http":
            return { type, url: "" };
        case "syslog":
            return { type, address: "" };
        case "kafka":
            return { type, brokers: [], topic: "", tls: true };
        default:
            return { type: "file", format: "ndjson" };
    }
}

const isTarget = (value: unknown): value is Target => typeof value === "object" && value !== null && "type" in value;

/** Where an export goes. */
export function ExportTarget({ label, value, onValue }: OwnField) {
    const of: Target = isTarget(value) ? value : newTarget("file");
    return (
        <KindFields label={label} value={of.type} values={targets} onKind={(type) => onValue(newTarget(type as Target["type"]))}>
            <TargetFields key={of.type} of={of} onValue={onValue} />
            {of.type !== "file" && (
                <p class="faint small">
                    The host must be on the list of <a href="/admin/policies">hosts that may be called</a>.
                </p>
            )}
        </KindFields>
    );
}

function TargetFields({ of, onValue }: { of: Target; onValue: (next: Target) => void }) {
    switch (of.type) {
        case "http":
            return (
                <>
                    <TextField
                        label="Address"
                        required
                        hint="https://lake.example.com/clew"
                        value={of.url}
                        onValue={(url) => onValue({ ...of, url })}
                    />
                    <TextField
                        label="Secret of the signature"
                        hint="HMAC-SHA256; none sends no signature"
                        value={of.secret ?? ""}
                        onValue={(secret) => onValue({ ...of, secret })}
                    />
                    <PairsField label="Headers" noun="header" value={of.headers ?? {}} onValue={(headers) => onValue({ ...of, headers })} />
                </>
            );
        case "syslog":
            return (
                <TextField
                    label="Collector"
                    required
                    hint="tls://host:6514, tcp://host:601 or udp://host:514"
                    value={of.address}
                    onValue={(address) => onValue({ ...of, address })}
                />
            );
        case "kafka":
            return <Kafka of={of} onValue={onValue} />;
        default:
            return (
                <ChoiceField
                    label="Form"
                    value={of.format ?? "ndjson"}
                    values={[
                        ["ndjson", "JSON lines"],
                        ["parquet", "Parquet"],
                    ]}
                    onValue={(format) => onValue({ ...of, format: format as NonNullable<typeof of.format> })}
                />
            );
    }
}

const mechanisms = [
    ["", "no sign-in"],
    ["plain", "PLAIN"],
    ["scram_sha256", "SCRAM-SHA-256"],
    ["scram_sha512", "SCRAM-SHA-512"],
] as const;

function Kafka({ of, onValue }: { of: Extract<Target, { type: "kafka" }>; onValue: (next: Target) => void }) {
    const sasl = of.sasl ?? undefined;
    const sign = (part: Partial<Sasl>) => onValue({ ...of, sasl: { ...sasl, ...part } });
    return (
        <>
            <WordsField
                label="Brokers"
                hint="broker.example.com:9093, ..."
                value={of.brokers}
                onValue={(brokers) => onValue({ ...of, brokers: [...brokers] })}
            />
            <TextField label="Topic" required value={of.topic} onValue={(topic) => onValue({ ...of, topic })} />
            <FlagField label="With TLS" value={of.tls ?? true} onValue={(tls) => onValue({ ...of, tls })} />
            <ChoiceField
                label="Sign-in"
                value={sasl ? (sasl.mechanism ?? "plain") : ""}
                values={mechanisms}
                onValue={(mechanism) => {
                    if (mechanism) sign({ mechanism: mechanism as NonNullable<Sasl["mechanism"]> });
                    else onValue({ ...of, sasl: null });
                }}
            />
            {sasl && (
                <div class="rule-columns">
                    <TextField label="Name" value={sasl.username ?? ""} onValue={(username) => sign({ username })} />
                    <TextField label="Password" value={sasl.password ?? ""} onValue={(password) => sign({ password })} />
                </div>
            )}
        </>
    );
}

const STATES = ["New", "Active", "InProgress", "Resolved", "Dismissed", "Closed"];

/** The kinds of things that an export takes. */
export function ExportKinds({ label, value, onValue }: OwnField) {
    const of = Array.isArray(value) ? value.map(String) : [];
    return <SomeField label={label} value={of} values={["alert", "incident", "decision", "resource"]} onValue={onValue} />;
}

/** Of its alerts and incidents, which; without a choice all. */
export function ExportFilterFields({ label, value, onValue }: OwnField) {
    const of = (typeof value === "object" && value !== null ? value : {}) as ExportFilter;
    const put = (part: Partial<ExportFilter>) => {
        const next = Object.entries({ ...of, ...part }).filter(([, one]) => one && one.length > 0);
        onValue(next.length > 0 ? Object.fromEntries(next) : undefined);
    };
    return (
        <fieldset class="conditions">
            <legend class="muted">{label}</legend>
            <SomeField
                label="Severity"
                value={of.severity ?? []}
                values={severities.slice(1, 5)}
                onValue={(severity) => put({ severity: [...severity] })}
            />
            <SomeField label="Status" value={of.status ?? []} values={STATES} onValue={(status) => put({ status: [...status] })} />
            <WordsField label="Products" value={of.product ?? []} onValue={(product) => put({ product: [...product] })} />
            <TextField label="Words of the title" value={of.title ?? ""} onValue={(title) => put({ title })} />
        </fieldset>
    );
}

const schedules = [
    ["stream", "each change, as it happens"],
    ["snapshots", "snapshots at intervals"],
] as const;

/** A stream of changes, or snapshots at intervals. */
export function ExportScheduleFields({ label, value, onValue }: OwnField) {
    const of = typeof value === "object" && value !== null ? (value as Schedule) : undefined;
    return (
        <KindFields
            label={label}
            value={of ? "snapshots" : "stream"}
            values={schedules}
            onKind={(next) => onValue(next === "stream" ? undefined : { every: "1d" })}
        >
            {of && (
                <>
                    <TextField
                        label="Every"
                        required
                        hint="1h, 1d, 1w"
                        value={of.every ?? ""}
                        onValue={(every) => onValue({ ...of, every })}
                    />
                    <LongField
                        label="Rows of this KQL, instead of all alerts and incidents that pass"
                        hint="Incidents | where Status != 'Closed'"
                        value={of.query ?? ""}
                        onValue={(query) => onValue(query ? { ...of, query } : { every: of.every })}
                    />
                </>
            )}
        </KindFields>
    );
}
