// The questions behind the numbers of a graph: what was asked of the API, and the rows of what is drawn.
import { address } from "../api/client";
import { requestText, sqlText } from "../state/sql";
import type { Question } from "../ui/showquery";
import type { Call } from "./loads";
import type { NodeId } from "./model";
import { ALL_MAX } from "./previews";
import type { GraphState } from "./state";

/** Every request whose answer is in the graph. */
export function requestsOf(state: GraphState, of: string): Question {
    const loads = [...state.loads.values()].sort((a, b) => a.at - b.at);
    return { of, lang: "request", text: loads.map((load) => requestOf(load.call)).join("\n\n") };
}

function requestOf(call: Call): string {
    switch (call.kind) {
        case "root": {
            const hops = call.node.startsWith("incident:") ? { hops: 2, limit: ALL_MAX } : { limit: 200 };
            return requestText(address("neighbors", { node: call.node, ...hops, ...(call.asOf ? { as_of: call.asOf } : {}) }));
        }
        case "explore":
            return requestText(address("explore", { entity: call.node, query: call.query, ...(call.limit ? { limit: call.limit } : {}) }));
        case "neighbors":
            return requestText(address("neighbors", { node: call.node, limit: call.limit ?? 200 }));
        case "paths":
            return requestText(address("paths", { a: call.a, b: call.b, mode: call.mode }));
        case "common":
            return requestText(address("common", { a: call.a, b: call.b }));
        case "blast":
            return requestText(address("blast_radius", { node: call.node }));
        case "links":
            return requestText(address("query", {})).replace("GET", "POST");
    }
}

/** The rows of some nodes of a kind. */
export function nodesQuestion(kind: string, ids: readonly NodeId[], of: string): Question {
    const own = (id: NodeId) => id.slice(kind.length + 1);
    const list = (names: readonly string[]) => names.map((name) => `\n    ${sqlText(name)}`).join(",");
    if (kind === "alert")
        return {
            of,
            text: `SELECT StartTime, Severity, Title, ProductName, AlertId\nFROM Alerts\nWHERE AlertId IN (${list(ids.map(own))}\n)\nORDER BY StartTime`,
        };
    if (kind === "incident")
        return {
            of,
            text: `SELECT IncidentNumber, Severity, Status, Title, IncidentId\nFROM Incidents\nWHERE IncidentId IN (${list(ids.map(own))}\n)`,
        };
    return {
        of,
        text: `SELECT Kind, Label, Degree, FirstTime, LastTime, EntityId\nFROM Entities\nWHERE EntityId IN (${list(ids)}\n)\nORDER BY Label`,
    };
}
