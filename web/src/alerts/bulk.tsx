// What can be done with the ticked alerts: they join an incident, or become one.
import { useState } from "preact/hooks";
import type { AlertFields, AlertFilter } from "../api/types";
import { alertStates, changeAlerts, lastOwner } from "../incident/change";
import { ChooseOwner, ChooseTags } from "../incident/choices";
import { AddAlerts, NewIncident } from "../incident/joining";
import { BulkBar, type BulkProps, ChooseOne, counted } from "../list/bulkbar";
import { tickedCount } from "../list/ticks";
import { href, navigate } from "../router/router";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { spaced } from "../ui/kinds";
import { Status } from "../ui/parts";
import { toast } from "../ui/toast";
import { type AlertQuery, alertFilter, allIds, groupKey, groupQuery, isSearch, type ListRow } from "./model";

/** Nodes that a graph begins with at the most. */
const GRAPH_MAX = 40;

/** Actions on ticked alerts of the list. */
export function AlertBulk({ query, pages, of, onAll, onClear }: BulkProps<AlertQuery, ListRow>) {
    const first = [...pages.known()].map(([, row]) => row).find((row) => of.all || of.ids.has(row.id));
    return (
        <Deeds
            count={tickedCount(of, pages.total)}
            title={first?.title ?? ""}
            ids={() => (of.all ? allIds(query) : Promise.resolve([...of.ids]))}
            // Words are no filter of the API: what they find is named one by one.
            filter={of.all && !isSearch(query) ? alertFilter(query) : undefined}
            bar={{ noun: "alert", count: tickedCount(of, pages.total), total: pages.total, all: of.all, onAll, onClear }}
        />
    );
}

/** Actions on all alerts of ticked groups of repeats. */
export function RepeatBulk({ query, pages, of, alerts, onAll, onClear }: BulkProps<AlertQuery, ListRow> & { alerts: number | undefined }) {
    const rows = [...pages.known()].map(([, row]) => row).filter((row) => of.all || of.ids.has(groupKey(row)));
    const members = of.all ? (alerts ?? 0) : rows.reduce((sum, row) => sum + (row.group?.count ?? 1), 0);
    const ids = async () => {
        if (of.all) return allIds(query);
        const found: string[] = [];
        for (const key of of.ids) found.push(...(await allIds(groupQuery(query, key))));
        return [...new Set(found)];
    };
    return (
        <Deeds
            count={members}
            title={rows[0]?.title ?? ""}
            ids={ids}
            filter={of.all && !isSearch(query) ? alertFilter(query) : undefined}
            bar={{ noun: "group", count: tickedCount(of, pages.total), total: pages.total, all: of.all, onAll, onClear }}
        />
    );
}

interface DeedsProps {
    /** How many alerts there are. */
    count: number;
    /** Title of the first of them. */
    title: string;
    /** All of their ids. */
    ids: () => Promise<readonly string[]>;
    /** The filter that finds just them, if one does. */
    filter: AlertFilter | undefined;
    bar: Omit<Parameters<typeof BulkBar>[0], "children">;
}

function Deeds({ count, title, ids, filter, bar }: DeedsProps) {
    const { onClear } = bar;
    const [open, setOpen] = useState<{ deed: "add" | "new"; alerts: readonly string[] }>();
    const what = counted("alert", count);
    /** Does what needs the ids of everything that is ticked; what cannot be read is said. */
    const withIds = async (deed: (alerts: readonly string[]) => boolean | Promise<boolean>): Promise<boolean> => {
        try {
            return await deed(await ids());
        } catch (error) {
            toast(error instanceof Error ? error.message : String(error), { tone: "bad" });
            return false;
        }
    };
    const change = (fields: AlertFields, text: string): Promise<boolean> =>
        filter ? changeAlerts({ filter }, fields, text) : withIds((alerts) => changeAlerts({ alerts }, fields, text));
    const begin = (deed: "add" | "new") =>
        withIds((alerts) => {
            setOpen({ deed, alerts });
            return true;
        });
    const toGraph = () =>
        withIds((alerts) => {
            navigate(href("/graph", { of: alerts.slice(0, GRAPH_MAX).map((id) => `alert:${id}`) }));
            return true;
        });
    const done = (made: boolean) => {
        setOpen(undefined);
        if (made) onClear();
    };
    useKeys("Ticked alerts", [
        {
            keys: "a",
            needs: "respond",
            label: "Assign them to the owner chosen last",
            run: () => {
                const name = lastOwner.value;
                if (name) void change({ owner: { name } }, `${what} assigned to ${name}`);
                else toast("Nobody was chosen yet: choose an owner in the bar once");
            },
        },
        {
            keys: "s",
            needs: "respond",
            label: "Take them on: status is in progress",
            run: () => void change({ status: "InProgress" }, `Status of ${what} is ${spaced("InProgress")}`),
        },
        { keys: "i", needs: "respond", label: "Add those that are ticked to an incident", run: () => void begin("add") },
        { keys: "n", needs: "respond", label: "Open an incident of them", run: () => void begin("new") },
        { keys: "Escape", label: "Tick none", run: onClear },
    ]);
    return (
        <BulkBar
            {...bar}
            looks={
                count <= GRAPH_MAX && (
                    <button type="button" class="button quiet small" onClick={() => void toGraph()}>
                        <Icon name="graph" />
                        Graph
                    </button>
                )
            }
        >
            {bar.noun !== "alert" && <span class="muted number">{what}</span>}
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
            {open?.deed === "add" && <AddAlerts alerts={open.alerts} onDone={done} />}
            {open?.deed === "new" && <NewIncident alerts={open.alerts} title={title} onDone={done} />}
        </BulkBar>
    );
}
