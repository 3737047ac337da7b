// The result of a query along time: its rows as marks in lanes and as a list; a brushed stretch narrows the list.
import { useMemo, useState } from "preact/hooks";
import type { Table } from "../api/types";
import { formatCount, formatTime } from "../state/time";
import { LanePlot } from "../timeline/plot";
import { CellText, cellText } from "../ui/cell";
import { Icon } from "../ui/icons";
import { Empty } from "../ui/states";
import { VirtualList } from "../ui/virtual";
import { type DatedRow, datedRows, laneColumns, rowLanes } from "./dated";

const ROW_PX = 28;

export default function TimeView({ table, onRow }: { table: Table; onRow: (index: number) => void }) {
    const times = table.columns.flatMap((column, at) => (column.type === "datetime" ? [at] : []));
    const [chosen, setChosen] = useState(times[0] ?? -1);
    const [laneBy, setLaneBy] = useState(() => laneColumns(table)[0] ?? -1);
    const [window, setWindow] = useState<readonly [number, number]>();
    const rows = useMemo(() => datedRows(table, chosen), [table, chosen]);
    const lanes = useMemo(() => rowLanes(table, rows, laneBy), [table, rows, laneBy]);
    const items = useMemo(() => rows.map((row) => row.item), [rows]);
    const shown = useMemo(() => rows.filter(({ item }) => !window || (item.time >= window[0] && item.time <= window[1])), [rows, window]);
    if (chosen < 0) return <Empty title="No column of this result is a time" />;
    if (rows.length === 0) return <Empty title="No row has a time" />;
    return (
        <div class="along">
            <div class="result-ends">
                <Choice label="Time" value={chosen} of={times} table={table} onChoose={setChosen} />
                <Choice label="Lanes" value={laneBy} of={[-1, ...laneColumns(table)]} table={table} onChoose={setLaneBy} />
                <span class="grow" />
                {window && (
                    <span class="tag accent number">
                        {formatTime(window[0], "minute")} – {formatTime(window[1], "minute")}
                        <button
                            type="button"
                            class="button quiet icon small"
                            aria-label="Clear the window"
                            onClick={() => setWindow(undefined)}
                        >
                            <Icon name="close" />
                        </button>
                    </span>
                )}
                <span class="faint number" role="status">
                    {formatCount(shown.length)} of {formatCount(table.rows.length)} rows
                </span>
            </div>
            <div class="along-lanes">
                <LanePlot items={items} lanes={lanes} window={window} onWindow={setWindow} onChoose={(item) => onRow(Number(item.key))} />
            </div>
            <div class="along-rows" role="list" aria-label="Rows in the order of time">
                <VirtualList
                    count={shown.length}
                    rowHeight={ROW_PX}
                    row={(index) => {
                        const row = shown[index];
                        return row && <Line key={row.index} table={table} row={row} time={chosen} onRow={onRow} />;
                    }}
                />
            </div>
        </div>
    );
}

const CELLS_SHOWN = 8;

function Line({ table, row, time, onRow }: { table: Table; row: DatedRow; time: number; onRow: (index: number) => void }) {
    const cells = table.rows[row.index] ?? [];
    return (
        <div role="listitem">
            <button type="button" class="along-row" onClick={() => onRow(row.index)}>
                <CellText value={cells[time]} type="datetime" />
                <span class="clip">
                    {table.columns
                        .map((column, at) => ({ column, at }))
                        .filter(({ at }) => at !== time && cells[at] !== null && cells[at] !== "")
                        .slice(0, CELLS_SHOWN)
                        .map(({ column, at }) => (
                            <span key={at} class="pair">
                                <span class="faint">{column.name}</span> {cellText(cells[at], column.type)}
                            </span>
                        ))}
                </span>
            </button>
        </div>
    );
}

interface ChoiceProps {
    label: string;
    value: number;
    of: readonly number[];
    table: Table;
    onChoose: (at: number) => void;
}

function Choice({ label, value, of, table, onChoose }: ChoiceProps) {
    if (of.length < 2) return null;
    return (
        <label class="line">
            <span class="muted">{label}</span>
            <select class="field" value={value} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
                {of.map((at) => (
                    <option key={at} value={at}>
                        {at < 0 ? "one for all" : table.columns[at]?.name}
                    </option>
                ))}
            </select>
        </label>
    );
}
