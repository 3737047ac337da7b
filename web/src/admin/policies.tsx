// What holds for everybody: which hosts clew may call, and what changes of incidents must keep to.

import { useState } from "preact/hooks";
import { Needs, ReadOnly } from "../access/needs";
import { ask, errorDetail, offered } from "../api/client";
import { useAsk } from "../api/resource";
import type { EgressPolicy } from "../api/types";
import { seq } from "../app/live";
import { WorkspaceNotifications } from "../notifications/settings";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { Failure, Loaded } from "../ui/states";
import { toast } from "../ui/toast";
import { FlagField, TextField } from "./inputs";

export function Policies() {
    return (
        <div class="admin">
            <div class="admin-column">
                <Egress />
                <Closing />
            </div>
            {offered("notification_defaults") && <WorkspaceNotifications />}
        </div>
    );
}

/** The hosts that webhooks and exports may call. */
function Egress() {
    const policy = useAsk("egress_policy", {}, seq.value);
    const put = async (next: EgressPolicy, said: string, before: EgressPolicy): Promise<unknown> => {
        try {
            await ask("put_egress_policy", {}, { body: next });
            policy.reload();
            toast(said, { action: { label: "Undo", run: () => void put(before, "Taken back", next) } });
            return undefined;
        } catch (error) {
            return error;
        }
    };
    return (
        <section class="card" aria-label="Calls outside">
            <div class="card-head">
                <h2>Calls outside</h2>
                <span class="faint small">webhooks of rules, and exports</span>
                <span class="grow" />
                <ReadOnly right="administer" />
            </div>
            <Loaded of={policy} rows={2}>
                {(data) => (
                    <Needs right="administer">
                        <Hosts key={JSON.stringify(data)} policy={data} onPut={(next, said) => put(next, said, data)} />
                    </Needs>
                )}
            </Loaded>
        </section>
    );
}

interface HostsProps {
    policy: EgressPolicy;
    /** Gives why it was refused, if it was. */
    onPut: (next: EgressPolicy, said: string) => Promise<unknown>;
}

function Hosts({ policy, onPut }: HostsProps) {
    const [host, setHost] = useState("");
    const [problem, setProblem] = useState<unknown>();
    const hosts = policy.hosts ?? [];
    const put = async (part: EgressPolicy, said: string) => setProblem(await onPut({ ...policy, ...part }, said));
    const name = host.trim().toLowerCase();
    return (
        <div class="card-body stack">
            <p class="muted">
                {hosts.length === 0
                    ? "No host may be called: rules with a webhook and exports to an address are refused."
                    : "Only these hosts may be called."}
            </p>
            <ul class="host-list">
                {hosts.map((one) => (
                    <li key={one} class="line">
                        <code class="grow wrap">{one}</code>
                        {one.startsWith("*.") && <span class="faint small">all below it</span>}
                        <IconButton
                            icon="close"
                            small
                            label={`Remove ${one}`}
                            onClick={() => void put({ hosts: hosts.filter((other) => other !== one) }, `${one} may no longer be called`)}
                        />
                    </li>
                ))}
            </ul>
            <form
                class="line"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (name && !hosts.includes(name)) void put({ hosts: [...hosts, name] }, `${name} may be called`);
                }}
            >
                <TextField bare label="Host that may be called" hint="soar.example.com or *.example.com" value={host} onValue={setHost} />
                <button type="submit" class="button" disabled={name === ""}>
                    <Icon name="plus" />
                    Allow
                </button>
            </form>
            <FlagField
                label="They may have private and loopback addresses, and be called without TLS"
                value={policy.private ?? false}
                onValue={(on) =>
                    void put({ private: on }, on ? "Private addresses may be called" : "Only public addresses may be called, with TLS")
                }
            />
            {problem !== undefined && <Failure error={problem} />}
        </div>
    );
}

/** What closing an incident must keep to. */
function Closing() {
    const policy = useAsk("policy", {}, seq.value);
    const put = async (closing_comment: boolean) => {
        try {
            await ask("set_policy", {}, { body: { closing_comment } });
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
        policy.reload();
    };
    return (
        <section class="card" aria-label="Closing">
            <div class="card-head">
                <h2>Closing</h2>
                <span class="grow" />
                <ReadOnly right="administer" />
            </div>
            <Loaded of={policy} rows={1}>
                {(data) => (
                    <div class="card-body">
                        <Needs right="administer">
                            <FlagField
                                label="Closing an incident needs a comment"
                                value={data.closing_comment ?? true}
                                onValue={(on) => void put(on)}
                            />
                        </Needs>
                    </div>
                )}
            </Loaded>
        </section>
    );
}
