// One proposal: who asks for what, why, on which records; what is and what would be; and the decision.

import { useState } from "preact/hooks";
import { Needs } from "../access/needs";
import { ApiError, ask, errorDetail } from "../api/client";
import { useAsk } from "../api/resource";
import type { ProposalDetail } from "../api/types";
import { refresh, seq } from "../app/live";
import { undoChanges } from "../incident/change";
import { incidentHref } from "../router/router";
import { formatCount } from "../state/time";
import { Icon } from "../ui/icons";
import { Markdown } from "../ui/markdown";
import { Time } from "../ui/parts";
import { Failure } from "../ui/states";
import { toast } from "../ui/toast";
import { gistOf, type Line, linesOf } from "./model";

interface Props {
    of: ProposalDetail;
    /** Whether the incident stands around it already. */
    inIncident?: boolean;
}

export function ProposalCard({ of, inIncident = false }: Props) {
    const open = of.state === "open";
    // What is now is of interest only as long as something may come of it.
    const incident = useAsk("incident", open && of.action === "update" ? { id: of.incident } : null, seq.value);
    return (
        <li class={`card proposal ${of.state}`} aria-label={`Proposal: ${gistOf(of)}`}>
            <header class="proposal-head">
                <span class="proposal-sign" aria-hidden="true">
                    <Icon name={of.action === "comment" ? "note" : of.action === "task" ? "check" : "edit"} />
                </span>
                <div class="stack grow">
                    <h2>{gistOf(of)}</h2>
                    {!inIncident && (
                        <a class="clip" href={incidentHref({ id: of.incident, number: of.number ?? null })} title={of.title}>
                            {of.number !== null && of.number !== undefined && <span class="number">#{of.number} </span>}
                            {of.title || of.incident}
                        </a>
                    )}
                    <span class="faint small">
                        <strong>{of.created_by}</strong> asks, <Time at={of.created} />
                    </span>
                </div>
                <State of={of} />
            </header>
            <blockquote class="proposal-reason">
                <Markdown text={of.reason} />
            </blockquote>
            <Changes lines={linesOf(of, incident.data)} />
            <Records of={of} />
            {open ? (
                <Decision of={of} />
            ) : (
                <p class="muted small proposal-decided">
                    {of.state === "accepted" ? "Accepted" : "Rejected"} by <strong>{of.decided_by}</strong>, <Time at={of.decided} />
                    {of.comment && <>: {of.comment}</>}
                </p>
            )}
        </li>
    );
}

function State({ of }: Props) {
    if (of.state === "accepted") return <span class="tag good">Accepted</span>;
    if (of.state === "rejected") return <span class="tag">Rejected</span>;
    if (of.stale) return <span class="tag warn">Incident changed since</span>;
    return <span class="tag accent">Waits</span>;
}

function Changes({ lines }: { lines: readonly Line[] }) {
    return (
        <dl class="proposal-changes">
            {lines.map((line, index) => (
                <div key={index}>
                    <dt>{line.field}</dt>
                    <dd>
                        {line.way === "set" && line.before !== undefined && line.before !== line.after && (
                            <>
                                {line.empty ? <span class="faint">{line.before}</span> : <del class="wrap">{line.before}</del>}
                                <span class="hidden-visually"> becomes </span>
                                <Icon name="right" />
                            </>
                        )}
                        {line.way === "remove" ? (
                            <del class="wrap">
                                <span class="hidden-visually">remove </span>
                                {line.after}
                            </del>
                        ) : (
                            <ins class={line.text ? "wrap text" : "wrap"}>
                                {line.way === "add" && <span class="hidden-visually">add </span>}
                                {line.after}
                            </ins>
                        )}
                        {line.way === "set" && line.before === line.after && <span class="faint small">it is so already</span>}
                    </dd>
                </div>
            ))}
        </dl>
    );
}

/** The records that the proposal rests on: one line says where it came from, more are folded. */
function Records({ of }: Props) {
    const list = (
        <ul class="proposal-records">
            {of.records.map((record) => (
                <li key={record.seq} class="small">
                    <span class="number">document {formatCount(record.seq)}</span>
                    <span class="faint wrap">
                        {record.source}, line {formatCount(record.line)}
                    </span>
                </li>
            ))}
        </ul>
    );
    if (of.records.length <= RECORDS_OPEN) return list;
    return (
        <details>
            <summary class="muted small">rests on {formatCount(of.records.length)} records</summary>
            {list}
        </details>
    );
}

const RECORDS_OPEN = 2;

function Decision({ of }: Props) {
    const [remark, setRemark] = useState("");
    const [error, setError] = useState<unknown>();
    const [busy, setBusy] = useState(false);
    const changedMeanwhile = error instanceof ApiError && error.detail.code === "proposal_stale";
    const stale = of.stale || changedMeanwhile;
    const decide = async (how: "accept" | "reject") => {
        setBusy(true);
        setError(undefined);
        const body = { ...(remark.trim() ? { comment: remark.trim() } : {}), ...(how === "accept" && stale ? { confirm: true } : {}) };
        try {
            if (how === "reject") {
                await ask("reject_proposal", { id: of.id }, { body });
                toast("Proposal rejected");
            } else {
                const made = (await ask("accept_proposal", { id: of.id }, { body })).value.map((one) => one.change);
                if (made.length === 0) toast("Proposal accepted: it is so already");
                else toast("Proposal accepted", { action: { label: "Undo", run: () => void undoChanges(...made) } });
            }
        } catch (reason) {
            setError(reason);
        }
        setBusy(false);
        refresh();
    };
    return (
        <form class="proposal-decision" onSubmit={(event) => event.preventDefault()}>
            {stale && (
                <p class="notice">
                    <Icon name="alert" />
                    The incident was changed after this was proposed. What is struck out above is how it is now.
                </p>
            )}
            {error !== undefined && !changedMeanwhile && <Failure error={error} />}
            {changedMeanwhile && (
                <p class="hidden-visually" role="alert">
                    {errorDetail(error).message}
                </p>
            )}
            <Needs right="respond">
                <div class="line">
                    <input
                        class="field grow"
                        value={remark}
                        aria-label="Remark on the decision"
                        placeholder="Remark (optional)"
                        autocomplete="off"
                        onInput={(event) => setRemark(event.currentTarget.value)}
                    />
                    <button type="button" class="button" disabled={busy} onClick={() => void decide("reject")}>
                        Reject
                    </button>
                    <button type="button" class="button primary" disabled={busy} onClick={() => void decide("accept")}>
                        <Icon name="check" />
                        {stale ? "Accept all the same" : "Accept"}
                    </button>
                </div>
            </Needs>
        </form>
    );
}
