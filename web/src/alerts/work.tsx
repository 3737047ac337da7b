// What can be done with one alert and what happened to it: state, owner, what stands around it in time, its changes.

import { useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { useAsk } from "../api/resource";
import type { AlertDetail } from "../api/types";
import { seq } from "../app/live";
import { said } from "../incident/activity";
import { alertStates, changeAlerts } from "../incident/change";
import { OwnerChoices } from "../incident/owner";
import { href, nodeHref, past } from "../router/router";
import { formatCount } from "../state/time";
import { Popover } from "../ui/dialog";
import { spaced } from "../ui/kinds";
import { Severity, Status, Time } from "../ui/parts";
import { Loaded } from "../ui/states";
import { AlertLines } from "./lines";

export function AlertStatus({ alert }: { alert: AlertDetail }) {
    if (past.value) return <Status name={alert.status} />;
    return (
        <Needs right="respond">
            <Popover class="edit" name={`Status: ${alert.status}`} label={<Status name={alert.status} />}>
                {(close) =>
                    alertStates
                        .filter((status) => status !== alert.status)
                        .map((status) => (
                            <button
                                key={status}
                                type="button"
                                class="menu-item"
                                onClick={() => {
                                    close();
                                    void changeAlerts({ alerts: [alert.id] }, { status }, `Status is ${spaced(status)}`);
                                }}
                            >
                                <Status name={status} />
                            </button>
                        ))
                }
            </Popover>
        </Needs>
    );
}

/** The name of an owner as sources write it. */
function ownerName(owner: unknown): string {
    if (typeof owner === "string") return owner;
    if (typeof owner !== "object" || owner === null) return "";
    const { name, email, upn } = owner as Record<string, unknown>;
    return [name, email, upn].find((one): one is string => typeof one === "string" && one !== "") ?? "";
}

export function AlertOwner({ alert }: { alert: AlertDetail }) {
    const owner = ownerName(alert.owner);
    if (past.value) return <>{owner || "unassigned"}</>;
    return (
        <Needs right="respond">
            <Popover class="edit" name={`Owner: ${owner || "unassigned"}`} label={owner || <span class="faint">unassigned</span>}>
                {(close) => (
                    <OwnerChoices
                        owned={owner !== ""}
                        close={close}
                        onOwner={(name) =>
                            void changeAlerts(
                                { alerts: [alert.id] },
                                { owner: name === null ? null : { name } },
                                name === null ? "Nobody owns it now" : `Assigned to ${name}`,
                            )
                        }
                    />
                )}
            </Popover>
        </Needs>
    );
}

/** Other alerts on the same resource. */
export function SameResource({ alert }: { alert: AlertDetail }) {
    const same = alert.same_resource;
    if (!same || same.total === 0) return null;
    return (
        <section>
            <h3>
                {formatCount(same.total)} more on <span class="wrap">{same.resource}</span>
            </h3>
            <AlertLines of={same.newest} />
            <a href={href("/alerts", { entity: same.resource })}>All of them</a>
        </section>
    );
}

const WINDOWS = ["5m", "30m", "1h", "6h", "1d"] as const;

/** Everything that touches the same entities, before and behind. */
export function Around({ reference }: { reference: string }) {
    const [window, setWindow] = useState<string>("1h");
    const answer = useAsk("around", { of: reference, window, limit: 300 }, seq.value);
    return (
        <>
            <label class="line">
                <span class="muted">Within</span>
                <select class="field" value={window} onChange={(event) => setWindow(event.currentTarget.value)}>
                    {WINDOWS.map((one) => (
                        <option key={one}>{one}</option>
                    ))}
                </select>
                <span class="muted">of it</span>
            </label>
            <Loaded of={answer}>
                {(data) => (
                    <ul class="moments">
                        {data.value.map((item, index) => (
                            <li key={`${item.seq}-${index}`} class={item.node === reference ? "own" : ""}>
                                <Time at={item.time} />
                                <div class="line">
                                    {item.severity ? <Severity name={item.severity} compact /> : <i class={`dot mark-${item.kind}`} />}
                                    {item.node && item.node !== reference ? (
                                        <a class="wrap" href={nodeHref(item.node)}>
                                            {item.message}
                                        </a>
                                    ) : (
                                        <span class="wrap">{item.message}</span>
                                    )}
                                </div>
                                <span class="faint small">{item.source}</span>
                            </li>
                        ))}
                        {data.value.length === 0 && <li class="muted">Nothing else touches its entities in this time.</li>}
                        {!data.complete && <li class="faint">There is more: choose a smaller window.</li>}
                    </ul>
                )}
            </Loaded>
        </>
    );
}

/** Who changed the alert, when, from what to what. */
export function Changes({ alert }: { alert: AlertDetail }) {
    const activity = useAsk("alert_activity", { id: alert.id }, seq.value);
    return (
        <Loaded of={activity}>
            {(data) => (
                <ul class="moments">
                    {data.value.map((change) => (
                        <li key={change.change}>
                            <span class="line">
                                <Time at={change.time} />
                                <strong>{change.actor}</strong>
                                <span class="tag">{change.action}</span>
                            </span>
                            {change.fields.slice(0, 12).map((field) => (
                                <span key={field.field} class="wrap small">
                                    <span class="faint">{field.field}</span> {said(field.before)} <span class="faint">to</span>{" "}
                                    {said(field.after)}
                                </span>
                            ))}
                        </li>
                    ))}
                </ul>
            )}
        </Loaded>
    );
}
