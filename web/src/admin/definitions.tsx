// What people define under a name (rules, lists, exports ...): a list, one of them beside it, a form that writes it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Needs, ReadOnly } from "../access/needs";
import { mayDo, type Right, whyNot } from "../access/rights";
import { askNamed, errorDetail } from "../api/client";
import { hintOf } from "../api/hint";
import { useLoad } from "../api/resource";
import { refresh, seq } from "../app/live";
import { param, setParams } from "../router/router";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { IconButton, Time } from "../ui/parts";
import { Empty, Loaded } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { toast } from "../ui/toast";
import { Form, type FormField } from "./form";

/** Something that was defined. */
export type Definition = Record<string, unknown> & { id: string };

/** A kind of things that are defined: how they are asked for, shown and written. */
export interface Kind {
    id: string;
    title: string;
    /** `suppression rule`: one of them. */
    noun: string;
    /** What they are for, in a sentence. */
    about: string;
    operations: { list: string; put: string; remove: string };
    /** The right that defining one takes, where that is not to contribute. */
    right?: Right;
    columns: readonly Column<Definition>[];
    fields: readonly FormField[];
    /** What a new one begins with. */
    begin: Record<string, unknown>;
    /** Shown below the form: what the definition would do, as it stands. */
    trial?: (value: Record<string, unknown>) => ComponentChildren;
    /** Shown below an existing one. */
    more?: (one: Definition) => ComponentChildren;
}

/** Members of a definition that the server writes. */
const OWN = new Set(["id", "etag", "created", "created_by", "modified", "modified_by", "count"]);

/** The definition as it is sent: without what the server writes and without what is empty. */
export function toSend(value: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(value).filter(([name, one]) => !OWN.has(name) && one !== undefined && one !== "" && one !== null),
    );
}

async function load(kind: Kind, signal: AbortSignal): Promise<Definition[]> {
    const answer = (await askNamed(kind.operations.list, {}, { signal })) as { value?: unknown };
    return Array.isArray(answer.value) ? answer.value.filter((one): one is Definition => typeof one?.id === "string") : [];
}

const NEW = "new";

export function Definitions({ kind }: { kind: Kind }) {
    const all = useLoad((signal) => load(kind, signal), `definitions ${kind.id}`, seq.value);
    const chosen = param("sel");
    const right = kind.right ?? "contribute";
    const may = mayDo(right);
    const choose = (id: string | null) => setParams({ sel: id }, { replace: true });
    useKeys(kind.title, [
        { keys: "n", label: `Define a new ${kind.noun}`, needs: right, run: () => choose(NEW) },
        { keys: "Escape", label: "Close the form", run: () => choose(null) },
    ]);
    return (
        <Loaded of={all}>
            {(rows) => {
                const one = rows.find((row) => row.id === chosen);
                return (
                    <div class="split">
                        <div class="split-main">
                            <div class="tab-tools">
                                <p class="muted grow">{kind.about}</p>
                                <Needs right={right}>
                                    <button type="button" class="button" onClick={() => choose(NEW)}>
                                        <Icon name="plus" />
                                        New {kind.noun}
                                    </button>
                                </Needs>
                                <ReadOnly right={right} />
                            </div>
                            {rows.length === 0 ? (
                                <Empty title={`No ${kind.noun} is defined`}>
                                    {may ? `Press n, or choose "New ${kind.noun}" above.` : whyNot(right)}
                                </Empty>
                            ) : (
                                <DataTable
                                    label={kind.title}
                                    columns={kind.columns}
                                    count={rows.length}
                                    row={(index) => rows[index]}
                                    rowKey={(row) => row.id}
                                    current={chosen}
                                    onCurrent={(row) => choose(row.id)}
                                    onOpen={(row) => choose(row.id)}
                                />
                            )}
                        </div>
                        {chosen === NEW && may && <Editor key={NEW} kind={kind} one={undefined} onDone={choose} />}
                        {one && <Editor key={`${one.id} ${one.etag}`} kind={kind} one={one} onDone={choose} />}
                    </div>
                );
            }}
        </Loaded>
    );
}

function Editor({ kind, one, onDone }: { kind: Kind; one: Definition | undefined; onDone: (id: string | null) => void }) {
    const [id, setId] = useState(one?.id ?? "");
    const [value, setValue] = useState<Record<string, unknown>>(() => (one ? toSend(one) : { ...kind.begin }));
    const [problem, setProblem] = useState<unknown>();
    const name =
        id.trim() ||
        String(value.name ?? "")
            .trim()
            .toLowerCase()
            .replace(/[^a-z0-9._-]+/g, "-")
            .replace(/^-|-$/g, "");
    const save = async () => {
        setProblem(undefined);
        try {
            const before = one ? toSend(one) : undefined;
            await askNamed(kind.operations.put, { id: name }, { body: toSend(value) });
            refresh();
            onDone(name);
            const back = before && (() => void askNamed(kind.operations.put, { id: name }, { body: before }).then(refresh, () => {}));
            toast(`${name} is defined`, back ? { action: { label: "Undo", run: back } } : {});
        } catch (error) {
            setProblem(error);
        }
    };
    const remove = async () => {
        if (!one) return;
        try {
            await askNamed(kind.operations.remove, { id: one.id });
            refresh();
            onDone(null);
            const again = () => void askNamed(kind.operations.put, { id: one.id }, { body: toSend(one) }).then(refresh, () => {});
            toast(`${one.id} deleted`, { action: { label: "Undo", run: again } });
        } catch (error) {
            setProblem(error);
        }
    };
    return (
        <aside class="preview pane" aria-label={one ? `The ${kind.noun} ${one.id}` : `New ${kind.noun}`}>
            <div class="preview-head">
                <div class="grow">
                    <div class="faint">{one ? kind.noun : `new ${kind.noun}`}</div>
                    <h2 class="wrap">{one ? String(one.name ?? one.id) : name || "without a name yet"}</h2>
                </div>
                <IconButton icon="close" label="Close" onClick={() => onDone(null)} />
            </div>
            <form
                class="form"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save();
                }}
            >
                <Needs right={kind.right ?? "contribute"}>
                    {!one && (
                        <label class="stack">
                            <span class="muted">Id</span>
                            <input
                                class="field"
                                value={id}
                                placeholder={name || "lower case, no spaces"}
                                onInput={(event) => setId(event.currentTarget.value)}
                            />
                        </label>
                    )}
                    <Form fields={kind.fields} value={value} onValue={setValue} />
                    {problem !== undefined && (
                        <p class="failure" role="alert">
                            {errorDetail(problem).message}
                            <span class="muted"> {hintOf(errorDetail(problem))}</span>
                        </p>
                    )}
                    <div class="line">
                        <button type="submit" class="button primary" disabled={name === ""}>
                            {one ? "Save" : "Define"}
                        </button>
                        <span class="grow" />
                        {one && (
                            <button type="button" class="button" onClick={() => void remove()}>
                                Delete
                            </button>
                        )}
                    </div>
                </Needs>
            </form>
            {kind.trial?.(toSend(value))}
            {one && kind.more?.(one)}
            {one && (
                <p class="faint small">
                    defined by {String(one.created_by ?? "somebody")} <Time at={one.created as string} />, changed by{" "}
                    {String(one.modified_by ?? "somebody")} <Time at={one.modified as string} />
                </p>
            )}
        </aside>
    );
}
