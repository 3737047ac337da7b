// What became of the documents of an ingest and how they were read: the report that an upload answers with, and that is kept of it.
import type { IngestReport } from "../api/types";
import { formatBytes, formatCount } from "../state/time";
import { kindLabel } from "../ui/kinds";
import { Facts, Time } from "../ui/parts";
import { SimpleTable } from "./table";

type Counts = Record<string, number>;

/** Counts by name, the greatest first. */
const greatest = (counts: Counts) => Object.entries(counts).sort((a, b) => b[1] - a[1]);

const list = (counts: Counts, name: (key: string) => string = (key) => key) =>
    greatest(counts)
        .map(([key, count]) => `${name(key)} ${formatCount(count)}`)
        .join(", ");

/** A number of things in words. */
export const several = (count: number, one: string, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`;

/** The mapping report of an ingest. */
export function Report({ report }: { report: IngestReport }) {
    const unmapped = greatest(report.unmapped);
    return (
        <>
            <Facts
                of={[
                    ["Documents", `${formatCount(report.documents)} (${formatBytes(report.bytes)} in ${report.seconds.toFixed(1)} s)`],
                    [
                        "Of them",
                        `${formatCount(report.new)} new, ${formatCount(report.updated)} updated, ${formatCount(report.duplicate)} known, ${formatCount(report.rejected)} rejected`,
                    ],
                    ["Formats", list(report.formats)],
                    ["Alerts", report.alerts > 0 && formatCount(report.alerts)],
                    ["Incidents", report.incidents > 0 && formatCount(report.incidents)],
                    ["Events", list(report.events)],
                    ["Entities", list(report.entities, kindLabel)],
                    [
                        "Activity",
                        report.first && (
                            <span key="a">
                                <Time at={report.first} style="minute" /> to <Time at={report.last} style="minute" />
                            </span>
                        ),
                    ],
                    ["Rejected because", list(report.rejected_by_code)],
                    ["Every reject", report.rejects_file && <code key="f">{report.rejects_file}</code>],
                    ["Warnings", report.warnings > 0 && `${several(report.warnings, "value")} not of the type of the column`],
                    ["Columns of them", list(report.warnings_by_column)],
                ]}
            />
            {report.rejects.length > 0 && (
                <SimpleTable
                    columns={["Line", "Rejected because", "Begins with"]}
                    rows={report.rejects.map((reject) => [
                        place(reject),
                        <Because key="m" of={reject} />,
                        <code key="e">{reject.excerpt}</code>,
                    ])}
                    empty=""
                />
            )}
            {report.warned.length > 0 && (
                <SimpleTable
                    columns={["Line", "Column", "Not read because", "Value"]}
                    rows={report.warned.map((value) => [
                        place(value),
                        <code key="c">{value.column}</code>,
                        <Because key="m" of={value} />,
                        <code key="v">{value.value}</code>,
                    ])}
                    empty=""
                />
            )}
            {unmapped.length > 0 && (
                <CountTable
                    of={unmapped}
                    name="Member"
                    summary={`${several(unmapped.length, "member")} that no mapping reads; they are kept with the record`}
                />
            )}
        </>
    );
}

/** Documents by name, behind a line that says of what. */
export function CountTable({ of, name, summary }: { of: readonly (readonly [string, number])[]; name: string; summary: string }) {
    return (
        <details>
            <summary class="muted">{summary}</summary>
            <SimpleTable
                columns={[name, ">Documents"]}
                rows={of.map(([key, count]) => [<code key="n">{key}</code>, formatCount(count)])}
                empty=""
            />
        </details>
    );
}

const place = ({ source, line }: { source: string; line: number }) => `${source}:${formatCount(line)}`;

function Because({ of: { message, code } }: { of: { message: string; code: string } }) {
    return (
        <>
            {message} <code class="faint">{code}</code>
        </>
    );
}
