// The parts of the rail that can be changed: status, severity, owner, tags.

import { useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { useAsk } from "../api/resource";
import type { IncidentDetail } from "../api/types";
import { incidentHref, past } from "../router/router";
import { Popover } from "../ui/dialog";
import { Icon, type IconName } from "../ui/icons";
import { type KeyBinding, useKeys } from "../ui/keys";
import { Facts, Severity, Status, Words } from "../ui/parts";
import { toast } from "../ui/toast";
import { changeFields, lastOwner } from "./change";
import { CloseDialog } from "./close";
import { MergeInto, ParentDialog } from "./joining";
import { OwnerChoices } from "./owner";
import { Typed } from "./typed";

const severityNames = ["High", "Medium", "Low", "Informational"] as const;

export function Work({ incident, keys = true }: { incident: IncidentDetail; keys?: boolean }) {
    const [closing, setClosing] = useState(false);
    const [joining, setJoining] = useState<"merge" | "parent">();
    const bindings: KeyBinding[] = [
        { keys: "c", needs: "respond", label: "Close the incident", run: () => incident.status !== "Closed" && setClosing(true) },
        {
            keys: "a",
            needs: "respond",
            label: "Assign to the owner chosen last",
            run: () => {
                const name = lastOwner.value;
                if (name) void changeFields(incident, { owner: { name } }, `Assigned to ${name}`);
                else toast("Nobody was chosen yet: choose an owner here once");
            },
        },
        {
            keys: "s",
            needs: "respond",
            label: "Take it on, or leave it",
            run: () => {
                const status = incident.status === "New" ? "Active" : "New";
                if (incident.status !== "Closed") void changeFields(incident, { status }, `Status is ${status}`);
            },
        },
        { keys: "m", needs: "respond", label: "Merge it into another", run: () => setJoining("merge") },
    ];
    const locked = past.value !== "";
    useKeys("Work on the incident", bindings, keys && !locked);
    const choice = { ...incident, number: incident.number ?? null };
    const closed = [
        ["Closed as", incident.classification],
        ["Reason", incident.classification_reason],
        ["Remark", incident.classification_comment],
    ] as const;
    if (locked) {
        return (
            <Facts
                of={[
                    ["Status", <Status key="s" name={incident.status} />],
                    ["Severity", <Severity key="v" name={incident.severity} />],
                    ["Owner", incident.owner ?? "unassigned"],
                    ["Tags", incident.tags.length > 0 && <Words key="t" of={incident.tags} most={20} plain />],
                    ["Belongs", incident.parent && <ParentLink key="b" id={incident.parent} />],
                    ["Under it", incident.children_total > 0 && <Children key="u" incident={incident} />],
                    ...closed,
                ]}
            />
        );
    }
    return (
        <Needs right="respond">
            <Facts
                of={[
                    ["Status", <StatusChoice key="s" incident={incident} onClose={() => setClosing(true)} />],
                    ["Severity", <SeverityChoice key="v" incident={incident} />],
                    ["Owner", <OwnerChoice key="o" incident={incident} />],
                    ["Tags", <TagChoice key="t" incident={incident} />],
                    [
                        "Belongs",
                        <Belongs key="b" incident={incident} onParent={() => setJoining("parent")} onMerge={() => setJoining("merge")} />,
                    ],
                    ["Under it", incident.children_total > 0 && <Children key="u" incident={incident} />],
                    ...closed,
                ]}
            />
            {closing && (
                <CloseDialog
                    title={`Close incident ${incident.number ?? ""}`}
                    begun={`closing ${incident.id}`}
                    onDone={() => setClosing(false)}
                    onClose={(fields) => changeFields(incident, fields, `Incident ${incident.number ?? ""} closed`)}
                />
            )}
            {joining === "merge" && <MergeInto incident={choice} onDone={() => setJoining(undefined)} />}
            {joining === "parent" && <ParentDialog incident={choice} parent={incident.parent} onDone={() => setJoining(undefined)} />}
        </Needs>
    );
}

/** The incident above this one, and what joins them. */
function Belongs({ incident, onParent, onMerge }: { incident: IncidentDetail; onParent: () => void; onMerge: () => void }) {
    return (
        <span class="tag-edit">
            {incident.parent && <ParentLink id={incident.parent} />}
            <Popover
                class="edit"
                name={incident.parent ? "Belongs under another" : "Belongs: on its own"}
                label={incident.parent ? <Icon name="down" /> : <span class="faint">on its own</span>}
            >
                {(close) => (
                    <>
                        <MenuItem
                            icon="up"
                            label={incident.parent ? "Put under another..." : "Put under an incident..."}
                            onClick={() => {
                                close();
                                onParent();
                            }}
                        />
                        {incident.parent && (
                            <MenuItem
                                icon="close"
                                label="On its own again"
                                onClick={() => {
                                    close();
                                    void changeFields(incident, { parent: null }, "Stands on its own now");
                                }}
                            />
                        )}
                        <MenuItem
                            icon="group"
                            label="Merge into another..."
                            onClick={() => {
                                close();
                                onMerge();
                            }}
                        />
                    </>
                )}
            </Popover>
        </span>
    );
}

function ParentLink({ id }: { id: string }) {
    const parent = useAsk("incident", { id });
    const { data } = parent;
    return (
        <a href={incidentHref(data ?? { id })} title={data?.title ?? id}>
            {data ? `under ${data.number ?? data.title}` : "under another"}
        </a>
    );
}

/** The incidents that belong under one, as far as they are listed. */
function Children({ incident }: { incident: IncidentDetail }) {
    const more = incident.children_total - incident.children.length;
    return (
        <>
            {incident.children.map((child, place) => (
                <>
                    {place > 0 && ", "}
                    <a key={child.id} href={incidentHref(child)} title={child.title}>
                        {child.number ?? child.title}
                    </a>
                </>
            ))}
            {more > 0 && ` and ${more} more`}
        </>
    );
}

function MenuItem({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
    return (
        <button type="button" class="menu-item" onClick={onClick}>
            <Icon name={icon} />
            {label}
        </button>
    );
}

function StatusChoice({ incident, onClose }: { incident: IncidentDetail; onClose: () => void }) {
    const [reopening, setReopening] = useState("");
    const choose = (status: string, close: () => void) => {
        if (status === "Closed") {
            close();
            onClose();
        } else if (incident.status === "Closed") setReopening(status);
        else {
            close();
            void changeFields(incident, { status }, `Status is ${status}`);
        }
    };
    return (
        <Popover class="edit" name={`Status: ${incident.status}`} label={<Status name={incident.status} />}>
            {(close) =>
                reopening ? (
                    <Typed
                        label="Why it is opened again"
                        button="Reopen"
                        onText={(reason) => {
                            close();
                            setReopening("");
                            void changeFields(incident, { status: reopening, reason }, "Opened again");
                        }}
                    />
                ) : (
                    ["New", "Active", "Closed"]
                        .filter((status) => status !== incident.status)
                        .map((status) => (
                            <button key={status} type="button" class="menu-item" onClick={() => choose(status, close)}>
                                {status === "Closed" ? "Close..." : status}
                            </button>
                        ))
                )
            }
        </Popover>
    );
}

function SeverityChoice({ incident }: { incident: IncidentDetail }) {
    return (
        <Popover class="edit" name={`Severity: ${incident.severity}`} label={<Severity name={incident.severity} />}>
            {(close) =>
                severityNames.map((severity) => (
                    <button
                        key={severity}
                        type="button"
                        class="menu-item"
                        onClick={() => {
                            close();
                            void changeFields(incident, { severity }, `Severity is ${severity}`);
                        }}
                    >
                        <Severity name={severity} />
                    </button>
                ))
            }
        </Popover>
    );
}

function OwnerChoice({ incident }: { incident: IncidentDetail }) {
    return (
        <Popover
            class="edit"
            name={`Owner: ${incident.owner ?? "unassigned"}`}
            label={incident.owner ?? <span class="faint">unassigned</span>}
        >
            {(close) => (
                <OwnerChoices
                    owned={incident.owner !== null && incident.owner !== undefined}
                    close={close}
                    onOwner={(name) =>
                        void changeFields(
                            incident,
                            { owner: name === null ? null : { name } },
                            name === null ? "Nobody owns it now" : `Assigned to ${name}`,
                        )
                    }
                />
            )}
        </Popover>
    );
}

function TagChoice({ incident }: { incident: IncidentDetail }) {
    return (
        <span class="tag-edit">
            {incident.tags.map((tag) => (
                <span key={tag} class="tag">
                    <span class="clip">{tag}</span>
                    <button
                        type="button"
                        aria-label={`Remove the tag ${tag}`}
                        onClick={() => void changeFields(incident, { remove_tags: [tag] }, `Tag "${tag}" removed`)}
                    >
                        <Icon name="close" />
                    </button>
                </span>
            ))}
            <Popover class="edit" name="Add a tag" label={<Icon name="plus" />}>
                {(close) => (
                    <Typed
                        label="Tag"
                        button="Add"
                        onText={(tag) => {
                            close();
                            void changeFields(incident, { add_tags: [tag] }, `Tag "${tag}" added`);
                        }}
                    />
                )}
            </Popover>
        </span>
    );
}
