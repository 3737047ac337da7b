// The incident's entities by kind, with one beside.
import { useMemo } from "preact/hooks";
import type { EntityRow, IncidentDetail } from "../api/types";
import { param, setParams } from "../router/router";
import { relationsOf } from "../state/sql";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { useKeys } from "../ui/keys";
import { kindLabel } from "../ui/kinds";
import { KindGlyph, Time } from "../ui/parts";
import { asked, ShowQuery } from "../ui/showquery";
import { Empty } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { entitiesQuestion } from "./asked";
import { EntityPane } from "./entitypane";
import { Scope, scopesOf } from "./scope";

const columnsOf = (scopes: ReadonlyMap<string, string>): readonly Column<EntityRow>[] => [
    {
        id: "label",
        label: "Entity",
        width: "minmax(240px, 1fr)",
        fixed: true,
        cell: (row) => (
            <span class="node-link" title={row.id}>
                <KindGlyph kind={row.kind} />
                <span class="clip">{row.label}</span>
                <Scope of={scopes.get(row.id)} />
            </span>
        ),
    },
    { id: "kind", label: "Kind", width: "150px", weight: 2, cell: (row) => <span class="muted">{kindLabel(row.kind)}</span> },
    {
        id: "degree",
        label: "Relations",
        width: "84px",
        weight: 3,
        right: true,
        cell: (row) => <span {...asked({ of: `Relations of ${row.label}`, text: relationsOf(row.id) })}>{formatCount(row.degree)}</span>,
    },
    { id: "first", label: "First seen", width: "150px", weight: 1, time: true, cell: (row) => <Time at={row.first} style="minute" /> },
    { id: "last", label: "Last seen", width: "150px", weight: 2, time: true, cell: (row) => <Time at={row.last} style="minute" /> },
];

export function EntitiesTab({ incident }: { incident: IncidentDetail }) {
    const kind = param("kind");
    const words = param("text").toLowerCase();
    const selected = param("sel");
    useKeys("Entities of the incident", [
        { keys: "Escape", label: "Close the entity", run: () => setParams({ sel: null }, { replace: true }) },
    ]);
    const kinds = new Map<string, number>();
    for (const entity of incident.entities) kinds.set(entity.kind, (kinds.get(entity.kind) ?? 0) + 1);
    const rows = incident.entities.filter(
        (entity) =>
            (!kind || entity.kind === kind) && (entity.label.toLowerCase().includes(words) || entity.id.toLowerCase().includes(words)),
    );
    const columns = useMemo(() => columnsOf(scopesOf(incident.entities)), [incident.entities]);
    const select = (row: EntityRow) => setParams({ sel: row.id }, { replace: true });
    return (
        <div class="split tab-split">
            <div class="split-main">
                <div class="tab-tools">
                    <div class="filter-search">
                        <Icon name="search" />
                        <input
                            type="search"
                            value={param("text")}
                            placeholder="Part of a name"
                            aria-label="Part of a name"
                            onInput={(event) => setParams({ text: event.currentTarget.value }, { replace: true })}
                        />
                    </div>
                    <div class="segments" role="group" aria-label="Kinds">
                        <button type="button" aria-pressed={!kind} onClick={() => setParams({ kind: null })}>
                            All{" "}
                            <span class="faint number" {...asked(entitiesQuestion(incident.id))}>
                                {formatCount(incident.entities.length)}
                            </span>
                        </button>
                        {[...kinds]
                            .sort((a, b) => b[1] - a[1])
                            .map(([name, count]) => (
                                <button key={name} type="button" aria-pressed={kind === name} onClick={() => setParams({ kind: name })}>
                                    {kindLabel(name)}{" "}
                                    <span
                                        class="faint number"
                                        {...asked(entitiesQuestion(incident.id, `Entities of the kind ${kindLabel(name)}`, name))}
                                    >
                                        {formatCount(count)}
                                    </span>
                                </button>
                            ))}
                    </div>
                    <span class="grow" />
                    <ShowQuery {...entitiesQuestion(incident.id, "Entities of the incident", kind)} />
                </div>
                {rows.length === 0 ? (
                    <Empty title="No entity fits" />
                ) : (
                    <DataTable
                        label="Entities of the incident"
                        columns={columns}
                        count={rows.length}
                        row={(index) => rows[index]}
                        rowKey={(row) => row.id}
                        current={selected}
                        onCurrent={select}
                        onOpen={select}
                    />
                )}
            </div>
            {selected && <EntityPane key={selected} reference={selected} onClose={() => setParams({ sel: null }, { replace: true })} />}
        </div>
    );
}
