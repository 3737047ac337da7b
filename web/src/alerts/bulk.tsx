// What can be done with the ticked alerts: they join an incident, or become one.
import { useState } from "preact/hooks";
import type { AlertFields, AlertRow } from "../api/types";
import { alertStates, changeAlerts } from "../incident/change";
import { AddAlerts, NewIncident } from "../incident/joining";
import { OwnerChoices } from "../incident/owner";
import { Typed } from "../incident/typed";
import { BulkBar, Choose, Item } from "../list/bulkbar";
import { type Ticked, tickedCount } from "../list/ticks";
import { href } from "../router/router";
import type { Rows } from "../state/rows";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { spaced } from "../ui/kinds";
import { Status } from "../ui/parts";
import { toast } from "../ui/toast";
import { type AlertQuery, alertFilter, allIds } from "./model";

interface Props {
    query: AlertQuery;
    pages: Rows<AlertRow>;
    of: Ticked;
    onAll: () => void;
    onClear: () => void;
}

/** Nodes that a graph begins with at the most. */
const GRAPH_MAX = 40;

export function AlertBulk({ query, pages, of, onAll, onClear }: Props) {
    const [open, setOpen] = useState<{ deed: "add" | "new"; alerts: readonly string[] }>();
    const count = tickedCount(of, pages.total);
    const what = count === 1 ? "1 alert" : `${formatCount(count)} alerts`;
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
            <Choose label="Status">
                {(close) =>
                    alertStates.map((status) => (
                        <Item
                            key={status}
                            onClick={() => {
                                close();
                                void change({ status }, `Status of ${what} is ${spaced(status)}`);
                            }}
                        >
                            <Status name={status} />
                        </Item>
                    ))
                }
            </Choose>
            <Choose label="Owner">
                {(close) => (
                    <OwnerChoices
                        owned
                        close={close}
                        onOwner={(name) =>
                            void change(
                                { owner: name === null ? null : { name } },
                                name === null ? `Nobody owns ${what} now` : `${what} assigned to ${name}`,
                            )
                        }
                    />
                )}
            </Choose>
            <Choose label="Tag">
                {(close) => (
                    <Typed
                        label="Tag"
                        button="Add"
                        onText={(tag) => {
                            close();
                            void change({ add_tags: [tag] }, `${what} tagged "${tag}"`);
                        }}
                    />
                )}
            </Choose>
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
