// What can be done with the ticked alerts: they join an incident, or become one.
import { useState } from "preact/hooks";
import type { AlertFields, AlertRow } from "../api/types";
import { alertStates, changeAlerts } from "../incident/change";
import { ChooseOwner, ChooseTags } from "../incident/choices";
import { AddAlerts, NewIncident } from "../incident/joining";
import { BulkBar, type BulkProps, ChooseOne, counted } from "../list/bulkbar";
import { tickedCount } from "../list/ticks";
import { href } from "../router/router";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { spaced } from "../ui/kinds";
import { Status } from "../ui/parts";
import { toast } from "../ui/toast";
import { type AlertQuery, alertFilter, allIds } from "./model";

/** Nodes that a graph begins with at the most. */
const GRAPH_MAX = 40;

export function AlertBulk({ query, pages, of, onAll, onClear }: BulkProps<AlertQuery, AlertRow>) {
    const [open, setOpen] = useState<{ deed: "add" | "new"; alerts: readonly string[] }>();
    const count = tickedCount(of, pages.total);
    const what = counted("alert", count);
    const change = (fields: AlertFields, text: string) =>
        changeAlerts(of.all ? { filter: alertFilter(query) } : { alerts: [...of.ids] }, fields, text);
    const begin = async (deed: "add" | "new") => {
        try {
            setOpen({ deed, alerts: of.all ? await allIds(query) : [...of.ids] });
        } catch (error) {
            toast(error instanceof Error ? error.message : String(error), { tone: "bad" });
        }
    };
    const done = (made: boolean) => {
        setOpen(undefined);
        if (made) onClear();
    };
    useKeys("Ticked alerts", [
        { keys: "i", label: "Add those that are ticked to an incident", run: () => void begin("add") },
        { keys: "n", label: "Open an incident of them", run: () => void begin("new") },
        { keys: "Escape", label: "Tick none", run: onClear },
    ]);
    const first = [...pages.known()].map(([, row]) => row).find((row) => of.all || of.ids.has(row.id));
    return (
        <BulkBar noun="alert" count={count} total={pages.total} all={of.all} onAll={onAll} onClear={onClear}>
            <ChooseOne
                label="Status"
                values={alertStates}
                show={(status) => <Status name={status} />}
                onChoose={(status) => void change({ status }, `Status of ${what} is ${spaced(status)}`)}
            />
            <ChooseOwner what={what} change={change} />
            <ChooseTags label="Tag" what={what} change={change} />
            <button type="button" class="button quiet small" onClick={() => void begin("add")}>
                <Icon name="plus" />
                Add to an incident
            </button>
            <button type="button" class="button quiet small" onClick={() => void begin("new")}>
                <Icon name="incident" />
                New incident
            </button>
            {!of.all && count <= GRAPH_MAX && (
                <a class="button quiet small" href={href("/graph", { of: [...of.ids].map((id) => `alert:${id}`) })}>
                    <Icon name="graph" />
                    Graph
                </a>
            )}
            {open?.deed === "add" && <AddAlerts alerts={open.alerts} onDone={done} />}
            {open?.deed === "new" && <NewIncident alerts={open.alerts} title={first?.title ?? ""} onDone={done} />}
        </BulkBar>
    );
}
