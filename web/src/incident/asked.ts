// The questions behind the numbers of an incident.
import { address } from "../api/client";
import { past } from "../router/router";
import { alertsOf, entitiesOf, requestText } from "../state/sql";
import type { Question } from "../ui/showquery";

/** The request that gives the incident itself, as it is shown. */
export function incidentQuestion(id: string, of: string): Question {
    const asOf = past.value;
    return { of, lang: "request", text: requestText(address("incident", asOf ? { id, as_of: asOf } : { id })) };
}

/** Alerts of the incident. Tables hold the present: of the past the incident itself says how many there were. */
export function alertsQuestion(id: string, of = "Alerts of the incident", condition = ""): Question {
    return past.value ? incidentQuestion(id, of) : { of, text: alertsOf(id, condition) };
}

/** Entities of the incident. */
export function entitiesQuestion(id: string, of = "Entities of the incident", kind = ""): Question {
    return past.value ? incidentQuestion(id, of) : { of, text: entitiesOf(id, kind) };
}
