// Signing in where the server wants it: a key is given, kept for the tab and sent with every request.
import { useRef, useState } from "preact/hooks";
import { askNamed, offered } from "../api/client";
import { useLoad } from "../api/resource";
import { refusal, setToken, token } from "../api/session";
import { useTitle } from "../router/title";
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

/** How people come in here, as the server says. */
interface Ways {
    session: boolean;
    ways: { way: string; name: string; address: string }[];
}

function readWays(value: unknown): Ways {
    const record = (value ?? {}) as Record<string, unknown>;
    const all = Array.isArray(record.ways) ? (record.ways as Record<string, unknown>[]) : [];
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    return {
        session: record.session === true,
        ways: all.map((way) => ({ way: text(way.way), name: text(way.name), address: text(way.address) })),
    };
}

async function askWays(signal?: AbortSignal): Promise<Ways> {
    return readWays(await askNamed("sign_in_ways", {}, signal ? { signal } : {}));
}

/** What the server says when a sign-in elsewhere led nowhere. */
const FAILED: Record<string, string> = {
    sign_in_stale: "That sign-in began in another browser or too long ago. Try again.",
    sign_in_refused: "The identity provider did not let you in.",
    sign_in_no_role: "You have no role here yet. Who looks after this server gives one to your groups.",
    sign_in_unavailable: "The identity provider cannot be asked now. The log of this server says why.",
};

/** Where the person goes on once signed in: here, without what the last try left in the address. */
function returning(): { problem: string; back: string } {
    const query = new URLSearchParams(location.search);
    const code = query.get("sign_in") ?? "";
    query.delete("sign_in");
    const rest = query.toString();
    return { problem: FAILED[code] ?? "", back: `${location.pathname}${rest ? `?${rest}` : ""}${location.hash}` };
}

/** The ways in that lead to somewhere else and back. */
function Elsewhere() {
    const ways = useLoad(offered("sign_in_ways") ? askWays : null, "ways to sign in");
    const { problem, back } = returning();
    return (
        <>
            {problem && (
                <p class="failure" role="alert">
                    {problem}
                </p>
            )}
            {ways.data?.ways
                .filter((way) => way.address.startsWith("/"))
                .map((way) => (
                    <a key={way.address} class="button primary" href={`${way.address}?return=${encodeURIComponent(back)}`}>
                        Sign in with {way.name}
                    </a>
                ))}
        </>
    );
}

export function SignIn({ reason }: { reason: string }) {
    useTitle("Sign in");
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
                {signedOut(reason) ? <p class="muted">{reason}</p> : <p class="muted">Sign in to see the incidents of this server.</p>}
                <Elsewhere />
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
                    <code class="one-line">clew key create --role responder</code>.
                </p>
            </form>
        </div>
    );
}

/** Whether the page itself has something to tell; what the API says to a request without a key is for programs. */
const signedOut = (reason: string) => reason === LEFT || (token.peek() !== "" && reason !== "");

const LEFT = "You signed out.";

/** Forgets the key, and ends the session with the server. */
async function leave(session: boolean): Promise<void> {
    setToken("");
    try {
        if (session) await askNamed("sign_out", {});
    } catch {
        // A session that cannot be ended now ends by itself.
    }
    refusal.value = LEFT;
    // What the tab kept of investigations (steps of graphs, texts that were begun) is not for who comes next.
    try {
        globalThis.sessionStorage?.clear();
    } catch {
        // Without storage nothing was kept.
    }
}

/** Who one is, in the bar; nothing where nobody has to sign in. */
export function Person() {
    const ways = useLoad(offered("sign_in_ways") && !token.value ? askWays : null, `session ${token.value} ${refusal.value}`);
    const session = !token.value && ways.data?.session === true;
    const known = token.value !== "" || session;
    const who = useLoad(offered("whoami") && known ? whoami : null, `whoami ${token.value} ${session}`);
    if (!known || !who.data) return null;
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
                            void leave(session);
                        }}
                    >
                        Sign out
                    </button>
                </div>
            )}
        </Popover>
    );
}
