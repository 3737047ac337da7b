// Keys and service principals: who may come in and do what. A secret is shown once, when it is made.
import { useState } from "preact/hooks";
import { askNamed, errorDetail } from "../api/client";
import { saying } from "../api/hint";
import { useLoad } from "../api/resource";
import { setToken, token } from "../api/session";
import { refresh, seq } from "../app/live";
import { Icon } from "../ui/icons";
import { Time } from "../ui/parts";
import { Loaded } from "../ui/states";
import { copyText, toast } from "../ui/toast";
import { SimpleTable } from "./table";

interface Key {
    id: string;
    name: string;
    kind: string;
    role: string;
    workspaces: string[];
    state: string;
    created: string;
    created_by: string;
    expires: string | null;
    last_used: string | null;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** A key as the API lists it. */
export function readKey(value: unknown): Key {
    const one = (value ?? {}) as Record<string, unknown>;
    return {
        id: text(one.id),
        name: text(one.name),
        kind: text(one.kind),
        role: text(one.role),
        workspaces: Array.isArray(one.workspaces) ? one.workspaces.map(String) : [],
        state: text(one.state),
        created: text(one.created),
        created_by: text(one.created_by),
        expires: text(one.expires) || null,
        last_used: text(one.last_used) || null,
    };
}

const roles: readonly (readonly [string, string])[] = [
    ["reader", "sees everything that is no secret of the server"],
    ["responder", "also works on incidents and alerts"],
    ["contributor", "also defines rules, lists, queries and exports"],
    ["admin", "also manages keys and looks after the server"],
    ["ingest", "sends data in and sees nothing"],
];

const tones: Record<string, string> = { active: "good", expired: "warn", revoked: "bad" };

export function Keys() {
    const keys = useLoad(
        async (signal) => {
            const answer = (await askNamed("keys", {}, { signal })) as { value?: unknown };
            return Array.isArray(answer.value) ? answer.value.map(readKey) : [];
        },
        "keys",
        seq.value,
    );
    const [made, setMade] = useState<{ name: string; secret: string; first: boolean }>();
    const revoke = async (key: Key) => {
        try {
            await askNamed("revoke_key", { id: key.id });
            toast(`${key.name} opens nothing from now on`);
        } catch (error) {
            toast(errorDetail(error).message, { tone: "bad" });
        }
        keys.reload();
    };
    return (
        <div class="admin">
            <Make
                onMade={(name, secret) => {
                    // The first key closes the server, to this page too: it goes on with the key, or nobody would ever read the secret.
                    const first = token.peek() === "";
                    if (first) setToken(secret);
                    setMade({ name, secret, first });
                    keys.reload();
                    refresh();
                }}
            />
            {made && (
                <section class="card wide secret" aria-label="The new secret">
                    <div class="card-body stack">
                        <strong>The secret of {made.name}. It is shown this once: keep it now.</strong>
                        {made.first && (
                            <span class="muted">Whoever asks this server needs a key from now on. This tab goes on with the new one.</span>
                        )}
                        <div class="line">
                            <code class="wrap grow">{made.secret}</code>
                            <button type="button" class="button" onClick={() => void copyText(made.secret, "The secret")}>
                                <Icon name="copy" />
                                Copy
                            </button>
                            <button type="button" class="button quiet" onClick={() => setMade(undefined)}>
                                I have it
                            </button>
                        </div>
                    </div>
                </section>
            )}
            <section class="card wide key-list" aria-label="Keys">
                <div class="card-head">
                    <h2>Keys</h2>
                    <span class="faint small">and service principals</span>
                </div>
                <Loaded of={keys} rows={4}>
                    {(rows) => (
                        <SimpleTable
                            columns={["Name", "State", "Role", "Kind", "Workspaces", "Made", "Ends", "Last used", ""]}
                            rows={rows.map((key) => [
                                <span key="n" title={key.id}>
                                    {key.name}
                                </span>,
                                <span key="s" class={`tag ${tones[key.state] ?? ""}`}>
                                    {key.state}
                                </span>,
                                key.role,
                                key.kind,
                                key.workspaces.join(", ") || "all",
                                <span key="c">
                                    <Time at={key.created} style="date" /> <span class="faint">{key.created_by}</span>
                                </span>,
                                key.expires ? <Time key="e" at={key.expires} style="date" /> : "never",
                                key.last_used ? <Time key="l" at={key.last_used} style="minute" /> : "not since the start",
                                key.state === "active" && (
                                    <button key="r" type="button" class="button small" onClick={() => void revoke(key)}>
                                        Revoke
                                    </button>
                                ),
                            ])}
                            empty="No key yet: the server takes requests of this machine only. The first key closes it to everybody else."
                        />
                    )}
                </Loaded>
            </section>
        </div>
    );
}

function Make({ onMade }: { onMade: (name: string, secret: string) => void }) {
    const [role, setRole] = useState("responder");
    const [problem, setProblem] = useState("");
    const make = async (form: HTMLFormElement) => {
        const data = new FormData(form);
        const value = (name: string) => String(data.get(name) ?? "").trim();
        const body = {
            role,
            kind: value("kind"),
            ...(value("name") ? { name: value("name") } : {}),
            ...(value("expires") ? { expires: value("expires") } : {}),
        };
        try {
            const answer = (await askNamed("create_key", {}, { body })) as { key?: unknown; secret?: unknown };
            setProblem("");
            form.reset();
            onMade(readKey(answer.key).name, text(answer.secret));
        } catch (error) {
            setProblem(saying(error));
        }
    };
    return (
        <section class="card wide" aria-label="New key">
            <div class="card-head">
                <h2>New key</h2>
            </div>
            <form
                class="card-body key-form"
                onSubmit={(event) => {
                    event.preventDefault();
                    void make(event.currentTarget);
                }}
            >
                <label class="stack">
                    <span class="muted">Name</span>
                    <input class="field" name="name" placeholder="ana, or a program's name" autocomplete="off" />
                </label>
                <label class="stack">
                    <span class="muted">Role</span>
                    <select class="field" value={role} onChange={(event) => setRole(event.currentTarget.value)}>
                        {roles.map(([id]) => (
                            <option key={id}>{id}</option>
                        ))}
                    </select>
                </label>
                <label class="stack">
                    <span class="muted">Kind</span>
                    <select class="field" name="kind">
                        <option value="key">key</option>
                        <option value="principal">service principal</option>
                    </select>
                </label>
                <label class="stack">
                    <span class="muted">Ends</span>
                    <input class="field" name="expires" placeholder="90d, or never" autocomplete="off" />
                </label>
                <button type="submit" class="button primary">
                    <Icon name="key" />
                    Make
                </button>
                <p class="faint small">It {roles.find(([id]) => id === role)?.[1]}.</p>
                {problem && (
                    <p class="failure" role="alert">
                        {problem}
                    </p>
                )}
            </form>
        </section>
    );
}
