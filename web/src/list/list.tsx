// One list for the queue, the alerts and whatever else comes page by page: its table, or why there is none.
import type { ComponentChildren } from "preact";
import type { Rows } from "../state/rows";
import { Failure, Loading } from "../ui/states";
import { type Column, DataTable, type Ticks } from "../ui/table";
import { wideLists } from "./columns";

interface Props<T> {
    label: string;
    pages: Rows<T>;
    columns: readonly Column<T>[];
    rowKey: (row: T) => string;
    current: string;
    onCurrent: (row: T) => void;
    onOpen: (row: T) => void;
    onRange: (from: number, to: number) => void;
    sort: string;
    onSort: (sort: string) => void;
    ticks?: Ticks;
    onLeft?: (ids: readonly string[]) => void;
    /** Shown where nothing fits. */
    empty: ComponentChildren;
}

export function PagedList<T>({ pages, empty, ...table }: Props<T>) {
    const error = pages.error.value;
    const failure = error !== undefined && <Failure error={error} retry={() => pages.retry()} />;
    if (pages.untouched) return failure || <Loading rows={12} />;
    if (pages.count === 0) return failure || <>{empty}</>;
    // What was there before a refusal is still worth reading.
    return (
        <>
            {failure}
            <DataTable
                {...table}
                wide={wideLists.value}
                count={pages.count}
                total={pages.total}
                row={(index) => pages.row(index)}
                known={() => pages.known()}
            />
        </>
    );
}
