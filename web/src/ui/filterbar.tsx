// The pills above a list: they are the query. Each shows a field and its values and opens them for change.
import { useState } from "preact/hooks";
import type { FacetAnswer } from "../api/types";
import { setParams } from "../router/router";
import type { Field, Filter } from "../state/filters";
import { formatCount } from "../state/time";
import { Popover } from "./dialog";
import { Icon } from "./icons";
import { valueLabel } from "./kinds";
import { asked, type Question } from "./showquery";

interface Props {
    fields: readonly Field[];
    filter: Filter;
    facets: readonly FacetAnswer[];
    /** What counts the rows under another filter. */
    count?: (filter: Filter, of: string) => Question;
}

const change = (field: Field, values: readonly string[]) => setParams({ [field.id]: values, sel: null });

export function FilterBar({ fields, filter, facets, count }: Props) {
    const active = fields.filter((field) => filter[field.id]);
    const rest = fields.filter((field) => !filter[field.id]);
    return (
        <div class="pills" role="group" aria-label="Filter">
            {active.map((field) => (
                <span key={field.id} class="pill">
                    <Popover
                        class="pill-button"
                        label={
                            <>
                                <span class="faint">{field.label}</span>
                                <span class="clip">{(filter[field.id] ?? []).map((value) => valueLabel(field.id, value)).join(", ")}</span>
                            </>
                        }
                    >
                        {() => <Values field={field} chosen={filter[field.id] ?? []} facets={facets} count={count} />}
                    </Popover>
                    <button
                        type="button"
                        class="pill-remove"
                        aria-label={`Remove the filter ${field.label}`}
                        onClick={() => change(field, [])}
                    >
                        <Icon name="close" />
                    </button>
                </span>
            ))}
            <AddFilter fields={rest} facets={facets} count={count} />
            {active.length > 1 && (
                <button
                    type="button"
                    class="button quiet small"
                    onClick={() => setParams({ ...Object.fromEntries(active.map((field) => [field.id, null])), sel: null })}
                >
                    Clear
                </button>
            )}
        </div>
    );
}

function AddFilter({ fields, facets, count }: { fields: readonly Field[]; facets: readonly FacetAnswer[]; count: Props["count"] }) {
    const [field, setField] = useState<Field>();
    if (fields.length === 0) return null;
    return (
        <Popover
            class="button quiet small"
            label={
                <>
                    <Icon name="plus" />
                    Filter
                </>
            }
        >
            {(close) =>
                field && fields.includes(field) ? (
                    <>
                        <div class="menu-title">{field.label}</div>
                        <Values
                            field={field}
                            chosen={[]}
                            facets={facets}
                            count={count}
                            onChosen={() => {
                                setField(undefined);
                                close();
                            }}
                        />
                    </>
                ) : (
                    fields.map((one) => (
                        <button key={one.id} type="button" class="menu-item" onClick={() => setField(one)}>
                            <span class="grow">{one.label}</span>
                            <Icon name="right" />
                        </button>
                    ))
                )
            }
        </Popover>
    );
}

function Values({
    field,
    chosen,
    facets,
    count,
    onChosen,
}: {
    field: Field;
    chosen: readonly string[];
    facets: readonly FacetAnswer[];
    count: Props["count"];
    onChosen?: () => void;
}) {
    if (field.kind !== "values") return <Typed field={field} chosen={chosen} {...(onChosen ? { onChosen } : {})} />;
    const counts = new Map(facets.find((facet) => facet.facet === field.facet)?.values.map((value) => [value.value, value.count]));
    const values = [...new Set([...chosen, ...(field.values ?? []), ...counts.keys()])];
    if (values.length === 0) return <div class="menu-title">No value is known.</div>;
    const toggle = (value: string) => {
        change(field, chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
        onChosen?.();
    };
    return (
        <>
            {values.map((value) => (
                <label key={value} class="menu-item">
                    <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
                    <span class="grow clip">{valueLabel(field.id, value)}</span>
                    <span class="faint number" {...(count ? asked(count({ [field.id]: [value] }, valueLabel(field.id, value))) : {})}>
                        {formatCount(counts.get(value))}
                    </span>
                </label>
            ))}
        </>
    );
}

function Typed({ field, chosen, onChosen }: { field: Field; chosen: readonly string[]; onChosen?: () => void }) {
    return (
        <form
            class="typed"
            onSubmit={(event) => {
                event.preventDefault();
                const value = String(new FormData(event.currentTarget).get("value") ?? "").trim();
                if (value) change(field, field.single || field.kind === "time" ? [value] : [...new Set([...chosen, value])]);
                onChosen?.();
            }}
        >
            <input
                class="field"
                name="value"
                aria-label={field.label}
                placeholder={field.hint}
                defaultValue={field.single || field.kind === "time" ? chosen[0] : ""}
                autocomplete="off"
            />
            <button type="submit" class="button">
                Set
            </button>
            {!field.single && field.kind === "text" && chosen.length > 0 && (
                <ul>
                    {chosen.map((value) => (
                        <li key={value}>
                            <button
                                type="button"
                                class="menu-item"
                                onClick={() =>
                                    change(
                                        field,
                                        chosen.filter((one) => one !== value),
                                    )
                                }
                            >
                                <span class="grow clip">{value}</span>
                                <Icon name="close" />
                            </button>
                        </li>
                    ))}
                </ul>
            )}
        </form>
    );
}
