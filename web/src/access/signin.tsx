// Signing in where the server wants it: a key is given, kept for the tab and sent with every request.
import { useRef, useState } from "preact/hooks";
import { askNamed, offered } from "../api/client";
import { useLoad } from "../api/resource";
import { refusal, setToken, token } from "../api/session";
import { Popover } from "../ui/dialog";
import { Icon, Mark } from "../ui/icons";
import { Facts } from "../ui/parts";

/** Somebody, as the server knows them. */
interface Who {
    name: string;
    kind: string;
    roles: string[];
    workspace: string;
}

function readWho(value: unknown): Who {
    const record = (value ?? {}) as Record<string, unknown>;
    const text = (name: string) => (typeof record[name] === "string" ? (record[name] as string) : "");
    const roles = Array.isArray(record.roles) ? record.roles.map(String) : [];
    return { name: text("name"), kind: text("kind"), roles, workspace: text("workspace") };
}

async function whoami(signal?: AbortSignal): Promise<Who> {
    return readWho(await askNamed("whoami", {}, signal ? { signal } : {}));
}

export function SignIn({ reason }: { reason: string }) {
    const field = useRef<HTMLInputElement>(null);
    const [problem, setProblem] = useState("");
    const [busy, setBusy] = useState(false);
    const enter = async () => {
        if (!setToken(field.current?.value ?? "") || !token.peek()) {
            setProblem("A key is one word of letters, digits and signs.");
            return;
        }
        setBusy(true);
        setProblem("");
        try {
            await whoami();
            refusal.value = "";
        } catch (error) {
            setToken("");
            setProblem(error instanceof Error ? error.message : String(error));
            field.current?.select();
        } finally {
            setBusy(false);
        }
    };
    return (
        <div class="signin">
            <form
                class="signin-card"
                aria-label="Sign in"
                onSubmit={(event) => {
                    event.preventDefault();
                    void enter();
                }}
            >
                <div class="signin-mark">
                    <Mark />
                    <h1>clew</h1>
                </div>
                <p class="muted">{reason}</p>
                <label class="stack">
                    <span class="muted">Key</span>
                    <input
                        ref={field}
                        class="field"
                        type="password"
                        name="key"
                        autocomplete="off"
                        spellcheck={false}
                        aria-describedby="signin-help"
                        aria-invalid={problem !== ""}
                    />
                </label>
                {problem && (
                    <p class="failure" role="alert">
                        {problem}
                    </p>
                )}
                <button type="submit" class="button primary" disabled={busy}>
                    Sign in
                </button>
                <p class="faint small" id="signin-help">
                    The key stays in this tab and is forgotten with it. Who looks after this server makes one with{" "}
                    <code>clew key create --role responder</code>.
                </p>
            </form>
        </div>
    );
}

/** Who one is, in the bar; nothing where nobody has to sign in. */
export function Person() {
    const who = useLoad(offered("whoami") && token.value ? whoami : null, `whoami ${token.value}`);
    if (!token.value || !who.data) return null;
    const { name, roles, workspace } = who.data;
    return (
        <Popover
            class="button quiet"
            right
            label={
                <>
                    <Icon name="user" />
                    <span class="clip">{name}</span>
                </>
            }
        >
            {(close) => (
                <div class="person">
                    <Facts
                        of={[
                            ["Name", name],
                            ["Roles", roles.join(", ")],
                            ["Workspace", workspace],
                        ]}
                    />
                    <button
                        type="button"
                        class="button"
                        onClick={() => {
                            close();
                            setToken("");
                            refusal.value = "You signed out.";
                        }}
                    >
                        Sign out
                    </button>
                </div>
            )}
        </Popover>
    );
}
