// A filter is a set of parameters of the address: field by field, any of some values. It becomes parameters of the API or search text.
import type { Facet } from "../api/types";

export interface Field {
    /** Name of the parameter, in the address and in the API. */
    id: string;
    label: string;
    /** Its values where they are fixed. */
    values?: readonly string[];
    /** Facet that counts its values. */
    facet?: Facet;
    /** Its name in the search language; none where it cannot be searched. */
    search?: string;
    kind: "values" | "text" | "time";
    /** What a value looks like, for typed ones. */
    hint?: string;
    /** Whether the API takes one value only. */
    single?: boolean;
    /** Who knows the field, where not both do: the list of the API, or its search. */
    only?: "list" | "search";
    /** The states that `open` stands for. */
    open?: readonly string[];
}

export type Filter = Readonly<Record<string, readonly string[]>>;

/** The filter that an address holds. */
export function readFilter(fields: readonly Field[], params: URLSearchParams): Filter {
    const filter: Record<string, readonly string[]> = {};
    for (const field of fields) {
        const values = params.getAll(field.id).filter(Boolean);
        if (values.length > 0) filter[field.id] = field.single ? values.slice(0, 1) : values;
    }
    return filter;
}

/** The filter without some fields. */
export function without(filter: Filter, ...ids: string[]): Filter {
    return Object.fromEntries(Object.entries(filter).filter(([id]) => !ids.includes(id)));
}

/** Whether a filter says something that only the search knows. */
export function needsSearch(fields: readonly Field[], filter: Filter): boolean {
    return fields.some((field) => field.only === "search" && (filter[field.id]?.length ?? 0) > 0);
}

/** The filter as parameters of a list of the API. */
export function listParams(fields: readonly Field[], filter: Filter): Record<string, string | string[]> {
    const params: Record<string, string | string[]> = {};
    for (const field of fields) {
        const values = filter[field.id];
        if (!values?.[0] || field.only === "search") continue;
        params[field.id] = field.single || field.kind === "time" ? values[0] : [...values];
    }
    return params;
}

/** A value as the search language quotes it. */
export const quoted = (value: string) => `"${value.replace(/["\\]/g, "\\$&")}"`;

/** One value of a field as terms of the search language, any of which fits. */
function searchTerm(field: Field, name: string, value: string): string[] {
    if (name === "status" && value === "open") return (field.open ?? ["New", "Active"]).map((state) => `status:${quoted(state)}`);
    if (name === "owner" && value === "unassigned") return ["(* AND NOT owner:*)"];
    // An entity is searched by its words; its kind stands before the first colon.
    if (name === "entity") return [`entity:${quoted(value.slice(value.indexOf(":") + 1))}`];
    return [`${name}:${quoted(value)}`];
}

/** Search text that means `text` and the filter together. Words of the person are bracketed, so that an OR stays inside. */
export function searchText(fields: readonly Field[], filter: Filter, text: string): string {
    const parts = text.trim() ? [`(${text.trim()})`] : [];
    for (const field of fields) {
        const values = filter[field.id];
        if (!values?.length) continue;
        if (field.id === "from") parts.push(`last:>=${quoted(values[0] ?? "")}`);
        else if (field.id === "to") parts.push(`first:<=${quoted(values[0] ?? "")}`);
        else if (field.search) {
            const terms = values.flatMap((value) => searchTerm(field, field.search ?? "", value));
            parts.push(terms.length === 1 ? `${terms[0]}` : `(${terms.join(" OR ")})`);
        }
    }
    if (parts.length === 0) return "*";
    return parts.length === 1 && text.trim() ? text.trim() : parts.join(" AND ");
}
