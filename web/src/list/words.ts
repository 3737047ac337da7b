// The search language as the lists offer it: the places where bare words are looked for, and conditions that are put together by choice.
import { quoted } from "../state/filters";

/** Where bare words can be looked for. */
export const places: readonly (readonly [id: string, label: string])[] = [
    ["id", "Ids"],
    ["title", "Titles"],
    ["tag", "Tags"],
    ["owner", "Owners"],
    ["product", "Products"],
    ["description", "Descriptions"],
    ["comment", "Comments"],
    ["entity", "Entities"],
];

/** Where they are looked for as long as nothing else is chosen. */
export const usualPlaces: readonly string[] = ["id", "title", "tag", "owner", "product"];

/** The places as a parameter of the address: none for the usual ones. */
export function placesParam(chosen: readonly string[]): readonly string[] | null {
    const same = chosen.length === usualPlaces.length && usualPlaces.every((place) => chosen.includes(place));
    return same ? null : chosen;
}

/** Fields of a condition: all that the search knows, by what is compared. */
export const conditionFields: readonly (readonly [id: string, label: string, type: "text" | "time" | "number"])[] = [
    ["", "Any of the places", "text"],
    ["title", "Title", "text"],
    ["description", "Description", "text"],
    ["entity", "Entity", "text"],
    ["comment", "Comment", "text"],
    ["id", "Id", "text"],
    ["number", "Number", "number"],
    ["severity", "Severity", "text"],
    ["status", "Status", "text"],
    ["owner", "Owner", "text"],
    ["tag", "Tag", "text"],
    ["product", "Product", "text"],
    ["provider", "Provider", "text"],
    ["tactic", "Tactic", "text"],
    ["technique", "Technique", "text"],
    ["classification", "Classification", "text"],
    ["type", "Type or rule", "text"],
    ["created", "Created", "time"],
    ["modified", "Changed", "time"],
    ["first", "First activity", "time"],
    ["last", "Last activity", "time"],
];

/** How a condition compares. */
export type Comparison = "has" | "phrase" | "begins" | "like" | "from" | "to" | "any";

export const comparisons: Record<"text" | "time" | "number", readonly (readonly [Comparison, string])[]> = {
    text: [
        ["has", "has all the words"],
        ["phrase", "has the phrase"],
        ["begins", "has a word that begins with"],
        ["like", "has a word much like"],
        ["any", "has any value"],
    ],
    time: [
        ["from", "not before"],
        ["to", "not after"],
    ],
    number: [
        ["has", "is"],
        ["from", "is at least"],
        ["to", "is at most"],
    ],
};

export interface Condition {
    field: string;
    comparison: Comparison;
    value: string;
    not: boolean;
}

/** The kind of values that a field has. */
export function fieldType(field: string): "text" | "time" | "number" {
    return conditionFields.find(([id]) => id === field)?.[2] ?? "text";
}

const plain = (word: string) => /^[\p{L}\p{N}_.@-]+$/u.test(word) && !/^(AND|OR|NOT)$/.test(word) && !word.startsWith("-");

/** One condition as search text; nothing as long as it has no value. */
export function conditionText({ field, comparison, value, not }: Condition): string {
    const text = value.trim();
    const prefix = field ? `${field}:` : "";
    let term: string;
    if (comparison === "any") term = field ? `${field}:*` : "";
    else if (text === "") term = "";
    else if (comparison === "from") term = `${prefix}>=${quoted(text)}`;
    else if (comparison === "to") term = `${prefix}<=${quoted(text)}`;
    else if (comparison === "begins") term = `${prefix}${text.replace(/[^\p{L}\p{N}_.-]/gu, "")}*`;
    else if (comparison === "like") term = `${prefix}${text.replace(/[^\p{L}\p{N}_.-]/gu, "")}~`;
    else if (comparison === "phrase") term = `${prefix}${quoted(text)}`;
    else {
        const words = text.split(/\s+/).map((word) => `${prefix}${plain(word) ? word : quoted(word)}`);
        term = words.length === 1 ? `${words[0]}` : `(${words.join(" AND ")})`;
    }
    if (term === "") return "";
    return not ? `(* AND NOT ${term})` : term;
}

/** Conditions as one search text: all of them, or any. */
export function conditionsText(conditions: readonly Condition[], join: "AND" | "OR"): string {
    return conditions.map(conditionText).filter(Boolean).join(` ${join} `);
}
