// What can be done with the ticked incidents. Each deed is one step that one Undo takes back.
import { useState } from "preact/hooks";
import type { IncidentFields, IncidentFilter } from "../api/types";
import { changeMany, lastOwner, type Many } from "../incident/change";
import { ChooseOwner, ChooseTags } from "../incident/choices";
import { CloseDialog } from "../incident/close";
import { MergeSeveral } from "../incident/joining";
import type { Choice } from "../incident/picker";
import { Typed } from "../incident/typed";
import { BulkBar, type BulkProps, ChooseOne, counted, Item } from "../list/bulkbar";
import { type Ticked, tickedCount } from "../list/ticks";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { Severity, Status } from "../ui/parts";
import { toast } from "../ui/toast";
import { allIds, incidentParams, isSearch, type QueueQuery, type QueueRow } from "./model";

type Open = "close" | "merge" | "reopen" | undefined;

const severityNames = ["High", "Medium", "Low", "Informational"] as const;

export function QueueBulk({ query, pages, of, onAll, onClear }: BulkProps<QueueQuery, QueueRow>) {
    const [open, setOpen] = useState<Open>();
    const count = tickedCount(of, pages.total);
    const what = counted("incident", count);
    const rows = [...pages.known()].map(([, row]) => row).filter((row) => of.all || of.ids.has(row.id));
    const change = async (fields: IncidentFields, text: string) => {
        const which = await many(query, of);
        return which ? changeMany(which, fields, text) : false;
    };
    const assign = (name: string) => change({ owner: { name } }, `${what} assigned to ${name}`);
    useKeys("Ticked incidents", [
        { keys: "c", needs: "respond", label: "Close those that are ticked", run: () => setOpen("close") },
        {
            keys: "a",
            needs: "respond",
            label: "Assign them to the owner chosen last",
            run: () => (lastOwner.value ? void assign(lastOwner.value) : toast("Nobody was chosen yet: choose an owner in the bar once")),
        },
        {
            keys: "s",
            needs: "respond",
            label: "Take them on: status is Active",
            run: () => {
                if (rows.some((row) => row.status === "Closed")) setOpen("reopen");
                else void change({ status: "Active" }, `Status of ${what} is Active`);
            },
        },
        { keys: "m", needs: "respond", label: "Merge them", run: () => setOpen("merge") },
        { keys: "Escape", label: "Tick none", run: onClear },
    ]);
    const mergeable = !of.all && rows.length === count && count > 1;
    return (
        <BulkBar noun="incident" count={count} total={pages.total} all={of.all} onAll={onAll} onClear={onClear}>
            <ChooseOne
                label="Status"
                values={["New", "Active"]}
                show={(status) => <Status name={status} />}
                onChoose={(status) => {
                    if (rows.some((row) => row.status === "Closed")) setOpen("reopen");
                    else void change({ status }, `Status of ${what} is ${status}`);
                }}
            >
                {(close) => (
                    <Item
                        onClick={() => {
                            close();
                            setOpen("close");
                        }}
                    >
                        Close...
                    </Item>
                )}
            </ChooseOne>
            <ChooseOne
                label="Severity"
                values={severityNames}
                show={(severity) => <Severity name={severity} />}
                onChoose={(severity) => void change({ severity }, `Severity of ${what} is ${severity}`)}
            />
            <ChooseOwner what={what} change={change} />
            <ChooseTags label="Tags" present={[...new Set(rows.flatMap((row) => row.tags))].sort()} what={what} change={change} />
            <button type="button" class="button quiet small" onClick={() => setOpen("close")}>
                <Icon name="check" />
                Close
            </button>
            {mergeable && (
                <button type="button" class="button quiet small" onClick={() => setOpen("merge")}>
                    <Icon name="group" />
                    Merge
                </button>
            )}
            {open === "close" && (
                <CloseDialog
                    title={`Close ${what}`}
                    onDone={() => setOpen(undefined)}
                    onClose={(fields) => change(fields, `${what} closed`)}
                />
            )}
            {open === "merge" && mergeable && (
                <MergeSeveral
                    incidents={rows.map(choiceOf)}
                    onDone={(done) => {
                        setOpen(undefined);
                        if (done) onClear();
                    }}
                />
            )}
            {open === "reopen" && (
                <Popped onClose={() => setOpen(undefined)}>
                    <Typed
                        label="Why they are opened again"
                        button="Reopen"
                        onText={(reason) => {
                            setOpen(undefined);
                            void change({ status: "Active", reason }, `${what} opened again`);
                        }}
                    />
                </Popped>
            )}
        </BulkBar>
    );
}

/** The ticked incidents as the API takes them. Words are no filter of the API: what they find is named one by one. */
async function many(query: QueueQuery, of: Ticked): Promise<Many | undefined> {
    if (!of.all) return { incidents: [...of.ids] };
    if (!isSearch(query)) return { filter: incidentParams(query) as IncidentFilter };
    try {
        return { incidents: await allIds(query) };
    } catch (error) {
        toast(error instanceof Error ? error.message : String(error), { tone: "bad" });
        return undefined;
    }
}

const choiceOf = ({ id, number, title, severity, status }: QueueRow): Choice => ({ id, number: number ?? null, title, severity, status });

/** A small form in the bar. */
function Popped({ onClose, children }: { onClose: () => void; children: preact.ComponentChildren }) {
    return (
        <div role="presentation" class="bulk-form" onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), onClose())}>
            {children}
        </div>
    );
}
