// How kinds of nodes look: one tone and one icon for each family of kinds, the same in lists, graph and timeline.
import type { IconName } from "./icons";

type Family = "account" | "host" | "ip" | "file" | "process" | "url" | "cloud" | "alert" | "incident" | "other";

const families: Record<string, Family> = {
    account: "account",
    security_group: "account",
    host_logon_session: "account",
    mailbox: "account",
    host: "host",
    iotdevice: "host",
    nic: "host",
    service: "host",
    ip: "ip",
    network_connection: "ip",
    file: "file",
    filehash: "file",
    malware: "file",
    process: "process",
    registry_key: "process",
    registry_value: "process",
    url: "url",
    dns: "url",
    mail_message: "url",
    mail_cluster: "url",
    submission_mail: "url",
    cloud_application: "cloud",
    oauth_application: "cloud",
    azure_resource: "cloud",
    amazon_resource: "cloud",
    google_resource: "cloud",
    alert: "alert",
    incident: "incident",
    bookmark: "other",
};

const icons: Record<string, IconName> = {
    mail_message: "mail",
    mailbox: "mail",
    mail_cluster: "mail",
    submission_mail: "mail",
    registry_key: "key",
    registry_value: "key",
    bookmark: "bookmark",
};

function family(kind: string): Family {
    const name = kind.toLowerCase().replaceAll("-", "_");
    const known = families[name];
    if (known) return known;
    if (/resource|cloud|container|kubernetes|bucket|subscription|tenant/.test(name)) return "cloud";
    return "other";
}

/** Name of the CSS variable that holds a kind's colour, `--kind-account`. */
export function kindVariable(kind: string): string {
    return `--kind-${family(kind)}`;
}

/** The icon of a kind. */
export function kindIcon(kind: string): IconName {
    return icons[kind.toLowerCase().replaceAll("-", "_")] ?? family(kind);
}

/** `Network connection`: a kind as people read it. */
export function kindLabel(kind: string): string {
    if (kind === "ip" || kind === "url" || kind === "dns") return kind.toUpperCase();
    const text = kind.replaceAll("_", " ").replaceAll("-", " ");
    return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Severities, gravest first, and the tone class of each. */
export const severities = ["Critical", "High", "Medium", "Low", "Informational", "Unknown"] as const;

/** Class that sets `--tone` to a severity's colour. */
export function severityTone(severity: string | null | undefined): string {
    const name = (severity ?? "unknown").toLowerCase();
    return severities.some((known) => known.toLowerCase() === name) ? `tone-${name}` : "tone-unknown";
}

/** ATT&CK tactics in the order of an intrusion. */
export const tactics = [
    "Reconnaissance",
    "ResourceDevelopment",
    "InitialAccess",
    "Execution",
    "Persistence",
    "PrivilegeEscalation",
    "DefenseEvasion",
    "CredentialAccess",
    "Discovery",
    "LateralMovement",
    "Collection",
    "CommandAndControl",
    "Exfiltration",
    "Impact",
] as const;

/** Where long words in names of tactics may break. */
const breaks: Record<string, string> = {
    Reconnaissance: "Recon\u00adnais\u00adsance",
    Development: "Develop\u00adment",
    Escalation: "Esca\u00adlation",
    Credential: "Creden\u00adtial",
    Exfiltration: "Exfil\u00adtra\u00adtion",
    Persistence: "Persis\u00adtence",
};

/** The words of a tactic's name for a narrow place. */
export function breakable(tactic: string): string[] {
    return spaced(tactic)
        .split(" ")
        .map((word) => breaks[word] ?? word);
}

/** `Credential Access` for `CredentialAccess`. */
export function spaced(name: string): string {
    return name.replace(/([a-z])([A-Z])/g, "$1 $2");
}

/** A value of a field as people read it: names of ATT&CK and states are spaced, what a source named stays as it is. */
export function valueLabel(field: string, value: string): string {
    return field === "tactic" || field === "status" || field === "classification" ? spaced(value) : value;
}
