// What can be done with the ticked alerts: they join an incident, or become one.
import { useState } from "preact/hooks";
import type { AlertRow } from "../api/types";
import { AddAlerts, NewIncident } from "../incident/joining";
import { BulkBar } from "../list/bulkbar";
import { type Ticked, tickedCount } from "../list/ticks";
import { href } from "../router/router";
import type { Pages } from "../state/pages";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { toast } from "../ui/toast";
import { type AlertQuery, allIds } from "./model";

interface Props {
    query: AlertQuery;
    pages: Pages<AlertRow>;
    of: Ticked;
    onAll: () => void;
    onClear: () => void;
}

/** Nodes that a graph begins with at the most. */
const GRAPH_MAX = 40;

export function AlertBulk({ query, pages, of, onAll, onClear }: Props) {
    const [open, setOpen] = useState<{ deed: "add" | "new"; alerts: readonly string[] }>();
    const count = tickedCount(of, pages.total);
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
