// Renders the OpenAPI document of this server. Every text goes in as text: nothing of it is ever read as markup.
"use strict";

const RESULT_CHARS_MAX = 200000;

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

// Text whose parts between backticks are code.
function prose(text) {
  return (text ?? "").split("`").map((part, place) => (place % 2 ? make("code", { textContent: part }) : part));
}

function typeName(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choices = schema.oneOf || schema.anyOf || schema.allOf;
  if (choices) return choices.map(typeName).filter((name) => name !== "null").join(schema.allOf ? " + " : " or ");
  const types = [].concat(schema.type ?? "any").filter((type) => type !== "null");
  if (types[0] === "array") return `list of ${typeName(schema.items) || "any"}`;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  return types.join(" or ");
}

function typeCell(schema) {
  const cell = make("td", { className: "type" });
  const name = typeName(schema);
  const inner = schema?.$ref ?? schema?.items?.$ref;
  if (inner) cell.append(make("a", { href: `#schema-${inner.split("/").pop()}`, textContent: name }));
  else cell.textContent = name;
  return cell;
}

function row(...cells) {
  return make("tr", {}, ...cells);
}

function parameterRow(parameter, inputs) {
  const input = make("input", { name: parameter.name, ariaLabel: parameter.name, autocomplete: "off", spellcheck: false });
  inputs.push({ parameter, input });
  const name = parameter.required ? `${parameter.name} *` : parameter.name;
  return row(make("th", { textContent: name }), make("td", {}, input), typeCell(parameter.schema), make("td", {}, ...prose(parameter.description)));
}

function address(path, inputs) {
  let place = path;
  const query = [];
  for (const { parameter, input } of inputs) {
    if (parameter.in === "path") place = place.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.push(`${parameter.name}=${encodeURIComponent(input.value)}`);
  }
  return query.length ? `${place}?${query.join("&")}` : place;
}

async function attempt(path, inputs, output) {
  const target = address(path, inputs);
  output.replaceChildren(make("p", {}, make("code", { textContent: `GET ${target}` })));
  const result = make("pre", { tabIndex: 0 });
  try {
    const began = performance.now();
    const response = await fetch(target);
    const text = await response.text();
    const took = (performance.now() - began).toFixed(0);
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON: shown as it is */ }
    if (shown.length > RESULT_CHARS_MAX) shown = `${shown.slice(0, RESULT_CHARS_MAX)}\n... ${shown.length - RESULT_CHARS_MAX} more characters`;
    result.textContent = shown;
    output.append(make("p", { className: "hint", textContent: `${response.status} in ${took} ms, ${text.length} bytes` }));
  } catch (error) {
    result.textContent = String(error);
  }
  output.append(result);
}

function operationView(path, method, operation) {
  const view = make("details", { id: `operation-${operation.operationId}` });
  view.append(make("summary", {},
    make("span", { className: "method", textContent: method.toUpperCase() }),
    make("span", { className: "path", textContent: path }),
    make("span", {}, ...prose(operation.summary))));
  const inputs = [];
  const parameters = operation.parameters ?? [];
  if (parameters.length) view.append(make("table", {}, ...parameters.map((parameter) => parameterRow(parameter, inputs))));
  const body = Object.entries(operation.requestBody?.content ?? {})[0];
  if (body) view.append(make("p", {}, "Body: ", typeLink(body[1].schema), ` (${body[0]})`));
  const answer = Object.entries(operation.responses?.["200"]?.content ?? {})[0];
  if (answer) view.append(make("p", {}, "Answer: ", typeLink(answer[1].schema), ` (${answer[0]})`));
  if (method === "get") {
    const output = make("div");
    const button = make("button", { type: "submit", textContent: "Try" });
    const form = make("form", {}, button);
    form.addEventListener("submit", (event) => { event.preventDefault(); attempt(path, inputs, output); });
    for (const { input } of inputs) input.addEventListener("keydown", (event) => { if (event.key === "Enter") attempt(path, inputs, output); });
    view.append(form, output);
  }
  view.dataset.words = [path, operation.summary, ...parameters.map((parameter) => `${parameter.name} ${parameter.description ?? ""}`)].join(" ").toLowerCase();
  return view;
}

function typeLink(schema) {
  const name = typeName(schema) || "bytes";
  return schema?.$ref ? make("a", { href: `#schema-${schema.$ref.split("/").pop()}`, textContent: name }) : make("span", { textContent: name });
}

function schemaView(name, schema) {
  const view = make("details", { id: `schema-${name}` }, make("summary", {}, make("span", { className: "path", textContent: name }), make("span", {}, ...prose(schema.description))));
  const parts = schema.allOf ?? [schema];
  const table = make("table");
  for (const part of parts) {
    if (part.$ref) table.append(row(make("th", { textContent: "all of" }), typeCell(part), make("td")));
    const required = new Set(part.required ?? []);
    for (const [member, inner] of Object.entries(part.properties ?? {})) {
      table.append(row(make("th", { textContent: required.has(member) ? member : `${member}?` }), typeCell(inner), make("td", {}, ...prose(inner.description))));
    }
  }
  view.append(table);
  return view;
}

function render(api) {
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("about").replaceChildren(...prose(api.info.description));
  const operations = document.getElementById("operations");
  operations.replaceChildren();
  for (const tag of api.tags ?? []) {
    const section = make("section", {}, make("h2", { textContent: tag.name }), make("p", { className: "hint", textContent: tag.description ?? "" }));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (operation.tags?.includes(tag.name)) section.append(operationView(path, method, operation));
      }
    }
    operations.append(section);
  }
  const schemas = document.getElementById("schemas");
  for (const [name, schema] of Object.entries(api.components?.schemas ?? {})) schemas.append(schemaView(name, schema));
  openTarget();
}

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
}

function find(event) {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("#operations > section")) {
    let any = false;
    for (const view of section.querySelectorAll("details")) {
      const found = words.every((word) => view.dataset.words.includes(word));
      view.classList.toggle("hidden", !found);
      any ||= found;
    }
    section.classList.toggle("hidden", !any);
  }
}

document.getElementById("find").addEventListener("input", find);
window.addEventListener("hashchange", openTarget);
fetch("/v1/openapi.json")
  .then((response) => response.json())
  .then(render)
  .catch((error) => { document.getElementById("operations").textContent = `The description cannot be loaded: ${error}`; });
