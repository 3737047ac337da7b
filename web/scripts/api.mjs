// Writes generated/types.ts from schema/openapi.json, if it is not current. Every other script begins with it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const description = JSON.parse(readFileSync(process.env.CLEW_API ?? new URL("../../schema/openapi.json", import.meta.url), "utf8"));
const target = fileURLToPath(new URL("../generated/types.ts", import.meta.url));

const plain = {
    string: "string",
    integer: "number",
    number: "number",
    boolean: "boolean",
    null: "null",
    object: "Record<string, unknown>",
};
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const nameOf = (reference) => reference.split("/").pop().replace(/\W/g, "_");
const comment = (text, pad = "") => (text ? `${pad}/** ${text.replaceAll("*/", "* /").replace(/\s+/g, " ")} */\n` : "");
const bracket = (text) => (/[|&]/.test(text) ? `(${text})` : text);

/** The TypeScript type of a JSON schema. */
function type(schema) {
    if (!schema || Object.keys(schema).length === 0) return "unknown";
    if (schema.$ref) return nameOf(schema.$ref);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    const choice = schema.oneOf ?? schema.anyOf;
    if (choice) return [...new Set(choice.map(type))].join(" | ");
    if (schema.allOf) return schema.allOf.map((part) => bracket(type(part))).join(" & ");
    if (Array.isArray(schema.type)) return schema.type.map((one) => (one === "null" ? "null" : type({ ...schema, type: one }))).join(" | ");
    if (schema.type === "array") return `${bracket(type(schema.items))}[]`;
    if (schema.type === "object" && schema.properties) return members(schema);
    if (schema.type === "object" && schema.additionalProperties) return `Record<string, ${type(schema.additionalProperties)}>`;
    return plain[schema.type] ?? "unknown";
}

function members(schema) {
    const required = new Set(schema.required ?? []);
    const lines = Object.entries(schema.properties).map(
        ([name, value]) => `${comment(value.description, "    ")}    ${key(name)}${required.has(name) ? "" : "?"}: ${type(value)};\n`,
    );
    return `{\n${lines.join("")}}`;
}

function parameters(operation) {
    // What stands in headers is no parameter of an address.
    const named = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
    const lines = named.map(
        (parameter) =>
            `${comment(parameter.description, "    ")}    ${key(parameter.name)}${parameter.required ? "" : "?"}: ${type(parameter.schema)};\n`,
    );
    return lines.length ? `{\n${lines.join("")}}` : "Record<string, never>";
}

const out = ["// Written by scripts/api.mjs from schema/openapi.json.\n\n"];
for (const [name, schema] of Object.entries(description.components.schemas)) {
    const body = type(schema);
    const kind =
        body.startsWith("{") && !schema.allOf && !schema.oneOf && !schema.anyOf
            ? `export interface ${nameOf(name)} ${body}`
            : `export type ${nameOf(name)} = ${body};`;
    out.push(`${comment(schema.description)}${kind}\n\n`);
}

const operations = [];
for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) operations.push({ path, method: method.toUpperCase(), operation });
}
out.push("/** Every operation of the API by its name: what it takes and what it answers. */\nexport interface Operations {\n");
for (const { operation } of operations) {
    const answer = operation.responses["200"]?.content?.["application/json"];
    const body = operation.requestBody?.content?.["application/json"]?.schema;
    out.push(
        `${comment(operation.summary, "    ")}    ${key(operation.operationId)}: { params: ${parameters(operation)}; body: ${body ? type(body) : "undefined"}; answer: ${answer ? type(answer.schema) : "unknown"} };\n`,
    );
}
out.push(
    "}\n\n/** Method and path of every operation. */\nexport const routes: Record<keyof Operations, { method: string; path: string }> = {\n",
);
for (const { path, method, operation } of operations)
    out.push(`    ${key(operation.operationId)}: { method: "${method}", path: "${path}" },\n`);
out.push("};\n");

const spoken = description.components.schemas.QueryRequest?.properties?.lang?.description ?? "";
const languages = ["kql", "sql", "cypher"].filter((name) => spoken.includes(`\`${name}\``));
out.push(
    `\n/** Languages that \`/v1/query\` takes. */\nexport const queryLanguages: readonly ("kql" | "sql" | "cypher")[] = ${JSON.stringify(languages)};\n`,
);

const text = out.join("");
let current = "";
try {
    current = readFileSync(target, "utf8");
} catch {
    // The first time there is none.
}
if (current !== text) {
    mkdirSync(new URL("../generated", import.meta.url), { recursive: true });
    writeFileSync(target, text);
}
