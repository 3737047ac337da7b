// Written by scripts/api.mjs from schema/openapi.json. `npm run api` writes it anew.

/** An alert with its entities and where it came from. */
export type AlertDetail = AlertRow & ({
    /** The long text. */
    description: string;
    /** The detector's type. */
    alert_type: string;
    /** `ProviderName` of the field. */
    provider: string;
    /** Maker of the product. */
    vendor: string;
    /** ATT&CK techniques. */
    techniques: string[];
    /** The resource or name that the source puts first. */
    compromised_entity: string;
    /** What to do about it. */
    remediation: string[];
    /** Place in the product's own portal. */
    url?: string | null;
    /** When the alert was made. */
    created?: string | null;
    /** When this version was made. */
    modified?: string | null;
    /** Member alerts, where the alert stands for a kill chain. */
    members: string[];
    /** The entities that it names. */
    entities_list: EvidenceRow[];
    /** Everything else that the source says. */
    extended: Record<string, unknown>;
    /** Its versions, oldest first. */
    versions: VersionRow[];
    /** The document, as it was given. */
    raw: unknown;
});

/** A page of the alert list. */
export type AlertPage = Page_AlertRow & {
    /** Counters over everything that matches the filter. */
    counters: Counters;
};

/** An alert as a row of the queue. */
export interface AlertRow {
    /** Id of the alert. */
    id: string;
    /** Title. */
    title: string;
    /** Severity. */
    severity: string;
    /** Status. */
    status: string;
    /** Product that raised it. */
    product: string;
    /** ATT&CK tactics. */
    tactics: string[];
    /** Incidents that contain it. */
    incidents: string[];
    /** How many entities it names. */
    entities: number;
    /** When the activity began. */
    start?: string | null;
    /** When the activity ended. */
    end?: string | null;
    /** Sequence number of the document that says so. */
    seq: number;
}

/** The versions of an alert. */
export interface AlertVersions {
    /** The versions, oldest first. */
    value: VersionRow[];
    /** Always true: versions are never cut. */
    complete: boolean;
}

/** A record that asserts an edge. */
export interface AssertionRow {
    /** Reference of the node that the edge leaves. */
    source: string;
    /** What the source does to the target. */
    relation: string;
    /** Reference of the node that the edge enters. */
    target: string;
    /** Declared rule or reference that asserts it. */
    rule?: string | null;
    /** The alert or incident that says so; none for raw events. */
    asserted_by?: string | null;
    /** Table of the raw events that say so. */
    table?: string | null;
    /** First time. */
    first?: string | null;
    /** Last time. */
    last?: string | null;
    /** How many records. */
    count: number;
    /** The records: sequence number, source and line; for raw events the first ones. */
    records: RecordPlace[];
}

/** What can be reached forward in time. */
export interface BlastRadiusAnswer {
    /** The nodes, earliest first. */
    reached: ReachedRow[];
    /** The edges by which they were reached. */
    edges: Edge[];
    /** Nodes by kind. */
    kinds: Record<string, number>;
    /** Whether this is everything. */
    complete: boolean;
    /** Name of the limit that cut the walk. */
    cut?: string | null;
    /** Hubs that were not passed through. */
    hubs: string[];
}

/** Items of one bucket of time. */
export interface Bucket {
    /** Begin of the bucket. */
    start: string;
    /** Begin of the next one. */
    end: string;
    /** Items by kind. */
    counts: Record<string, number>;
}

/** A column of an answer. */
export interface Column {
    /** Name of the column. */
    name: string;
    /** Kusto type of its cells: `string`, `datetime`, `int`, `long`, `real`, `decimal`, `bool`, `dynamic`, `guid`, `timespan`. */
    type: string;
}

/** Why a decision is taken back. */
export interface Comment {
    /** Why. */
    comment?: string | null;
}

/** What a correlation found and did. */
export interface Correlation {
    /** Alerts that were looked at. */
    alerts: number;
    /** Groups that make an incident, by their first alerts. */
    groups: Group[];
    /** Incidents that were opened. */
    opened: number;
    /** Incidents that were changed. */
    changed: number;
    /** Incidents that went into another. */
    redirected: number;
    /** Whether only to say what would be done. */
    dry_run: boolean;
}

/** Correlates the alerts that no incident of another provider contains. */
export interface CorrelationRequest {
    /** Rules in TOML; members that are left out keep their defaults. */
    rules?: string | null;
    /** Whether only to say what would be done. */
    dry_run?: boolean;
}

/** How many items of a filter stand where. */
export interface Counters {
    /** By status. */
    status: Record<string, number>;
    /** By severity. */
    severity: Record<string, number>;
}

/** A decision that was taken. */
export interface Decided {
    /** Its sequence number, by which it is undone. */
    decision: number;
}

/** What a document of the index stands for. */
export type DocKind = "incident" | "alert" | "entity";

/** A directed edge of a subgraph. */
export interface Edge {
    /** Reference of the node that the edge leaves. */
    source: string;
    /** What the source does to the target. */
    relation: string;
    /** Reference of the node that the edge enters. */
    target: string;
    /** The part that the target plays in the source, where one is known. */
    role?: string | null;
    /** First time it was seen. */
    first?: string | null;
    /** Last time it was seen. */
    last?: string | null;
    /** How many records assert it. */
    count: number;
    /** Sequence numbers of records that assert it, newest first, a few; `why` lists all. */
    evidence: number[];
}

/** A place where a search that found nothing would have found something. */
export interface Elsewhere {
    /** The kind of documents to ask for. */
    kind: DocKind;
    /** The fields to ask for; empty where the fields of this search do. */
    fields: string[];
    /** How many documents fit there. */
    total: number;
}

/** Numbers about an engine. */
export interface EngineStats {
    /** Last document that readers see. */
    seq: number;
    /** Last document that the journal holds. */
    journal: number;
    /** Numbers of the graph: nodes, edges and bytes by part. */
    graph: Record<string, unknown>;
    /** Rows by table. */
    tables: Record<string, number>;
    /** Documents in the full-text index. */
    fulltext: number;
    /** Seconds since the engine was opened. */
    uptime_seconds: number;
}

/** An entity with its keys, what it is linked to and why its mentions are one. */
export type EntityDetail = EntityRow & {
    /** Identifiers that identify it alone. */
    keys: string[];
    /** Identifiers that do not. */
    weak_keys: string[];
    /** Properties from the newest alerts that name it. */
    properties: Record<string, unknown>;
    /** Edges by relation. */
    relations: Record<string, number>;
    /** Decisions that made several mentions one entity: the key and the document that brought it. */
    merges: MergeRow[];
    /** Other entities that may be the same. */
    possibly_same: string[];
    /** How many alerts name it. */
    alerts: number;
    /** Incidents that contain such an alert, newest first, up to 50. */
    incidents: string[];
};

/** Decides that two entities of a kind are one. */
export interface EntityMerge {
    /** One entity, `KIND:VALUE`. */
    a: string;
    /** The other. */
    b: string;
    /** Why. */
    comment?: string | null;
}

/** A page of the entity list. */
export type EntityPage = Page_EntityRow & {
    /** How many match by kind. */
    kinds: Record<string, number>;
};

/** An entity as a row of a list. */
export interface EntityRow {
    /** Reference that every command takes, `KIND:VALUE`. */
    id: string;
    /** Kind. */
    kind: string;
    /** Short text for people. */
    label: string;
    /** How many edges it has. */
    degree: number;
    /** First time it was seen. */
    first?: string | null;
    /** Last time it was seen. */
    last?: string | null;
}

/** Decides that a key does not identify an entity. */
export interface EntitySplit {
    /** The entity, `KIND:VALUE`. */
    entity: string;
    /** The key, `set=value`, as the entity's details show it. */
    key: string;
    /** Why. */
    comment?: string | null;
}

/** The body of every answer that is an error. */
export interface ErrorBody {
    /** The error. */
    error: ErrorDetail;
}

/** An error as a client sees it. */
export interface ErrorDetail {
    /** Stable name of the error. */
    code: string;
    /** What was expected and what was found. */
    message: string;
    /** One thing to try. */
    hint?: string | null;
    span?: ErrorSpan | null;
    /** Id of the request, also in the header `x-request-id` and in the server's log. */
    request_id: string;
}

/** A range of bytes in the text of the request. */
export interface ErrorSpan {
    /** First byte. */
    start: number;
    /** Byte behind the last. */
    end: number;
}

/** An entity that an alert or incident names. */
export interface EvidenceRow {
    /** Reference, `KIND:VALUE`. */
    id: string;
    /** Kind. */
    kind: string;
    /** Short text for people. */
    label: string;
    /** Its part, where the source says one. */
    role?: string | null;
    /** Whether it stands only inside another entity. */
    nested: boolean;
    /** Its properties as the source gives them. */
    properties: Record<string, unknown>;
}

/** An exploration query as the library lists it. */
export interface ExplorationRow {
    /** Name, the file's name without its ending. */
    name: string;
    /** Public id, where the query has one. */
    id: string;
    /** Title. */
    title: string;
    /** What it answers. */
    question: string;
    /** Kind of the entity that it takes. */
    input: string;
    /** Kinds of the entities that it finds. */
    outputs: string[];
    /** Tables that it reads. */
    tables: string[];
    /** ATT&CK tactics that it looks for. */
    tactics: string[];
    /** Results on the entity, where that was asked for. */
    results?: number | null;
    /** Why it was not run or failed. */
    problem?: string | null;
}

/** The exploration queries that fit. */
export interface Explorations {
    /** The queries, those with results first where they were counted. */
    value: ExplorationRow[];
    /** Always true: the library is listed whole. */
    complete: boolean;
}

/** Rows of an exploration query, and the nodes and edges that they add. */
export interface ExploreAnswer {
    /** The query. */
    exploration: ExplorationRow;
    /** Begin of the window that was searched. */
    from?: string | null;
    /** End of the window that was searched. */
    to?: string | null;
    /** Text of the query that ran. */
    text: string;
    /** The rows. */
    table: Table;
    /** The nodes that the rows name, and an edge from the entity to each. */
    graph: Subgraph;
}

/** A property whose values are counted over all hits. */
export type Facet = "severity" | "status" | "classification" | "kind" | "product" | "tactic" | "owner" | "tag";

/** Counts of the values of one property. */
export interface FacetAnswer {
    /** The property. */
    facet: Facet;
    /** Values by falling count. */
    values: FacetCount[];
    /** Whether these are all values. */
    complete: boolean;
}

/** How many hits have a value. */
export interface FacetCount {
    /** The value. */
    value: string;
    /** How many hits have it. */
    count: number;
}

/** Alerts that belong together. */
export interface Group {
    /** Id of the incident that the group makes: a name-based UUID of its first alert's id. */
    incident: string;
    /** Title of the incident. */
    title: string;
    /** Gravest severity of its alerts. */
    severity: string;
    /** Ids of its alerts, earliest first. */
    alerts: string[];
    /** Products of its alerts. */
    products: string[];
    /** Tactics of its alerts, in the order of the ATT&CK matrix. */
    tactics: string[];
    /** Whether tactics first appear in the order of the kill chain. */
    kill_chain_order: boolean;
    /** Begin of the first alert. */
    first?: string | null;
    /** End of the last alert. */
    last?: string | null;
    /** The pairs that joined the group, in time order; one fewer than its alerts. */
    reasons: Reason[];
}

/** What a server says of itself. */
export interface Health {
    /** `ok`, or `starting` while the journal is read. */
    status: string;
    /** Version of clew. */
    version: string;
    /** Tells this run of the server from any other. */
    instance: string;
}

/** Text of a hit with the words that were looked for. */
export interface Highlight {
    /** Name of the field. */
    field: string;
    /** The text, or a part of a long one. */
    snippet: string;
    /** Begin and end of each place in `snippet`, counted in Unicode characters. */
    ranges: number[][];
}

/** A document that fits. */
export interface Hit {
    /** What it is. */
    kind: DocKind;
    /** Id of the incident or alert; of an entity its reference, `KIND:VALUE`. */
    id: string;
    /** Number of the incident. */
    number?: number | null;
    /** Title; label of an entity. */
    title: string;
    /** Severity of an incident or alert. */
    severity?: string | null;
    /** Status of an incident or alert. */
    status?: string | null;
    /** Why the incident was closed. */
    classification?: string | null;
    /** Name of the owner. */
    owner?: string | null;
    /** Labels. */
    tags?: string[];
    /** Products. */
    products?: string[];
    /** Tactics. */
    tactics?: string[];
    /** When it was made. */
    created?: string | null;
    /** When the newest version was made. */
    modified?: string | null;
    /** First activity. */
    first_activity?: string | null;
    /** Last activity. */
    last_activity?: string | null;
    /** Kind of an entity. */
    entity_kind?: string | null;
    /** Identifiers of an entity. */
    keys?: Record<string, unknown> | null;
    /** How well the words fit; 0 unless sorted by relevance. */
    score: number;
    /** Where the words stand. */
    highlights?: Highlight[];
    /** Number of the document in the journal that says so. */
    seq: number;
}

/** An incident with its alerts and entities. */
export type IncidentDetail = IncidentRow & ({
    /** The long text. */
    description: string;
    /** Reason within the classification. */
    classification_reason?: string | null;
    /** What was said on closing. */
    classification_comment?: string | null;
    /** ATT&CK techniques. */
    techniques: string[];
    /** Remarks, oldest first. */
    comments: unknown[];
    /** Place in the product's own portal. */
    url?: string | null;
    /** The incident that this one was merged into. */
    redirect?: string | null;
    /** Its alerts, oldest first. */
    alerts_list: AlertRow[];
    /** Ids of alerts that it lists but that were never seen. */
    alerts_missing: string[];
    /** Entities of the incident and its alerts, those named most first. */
    entities: EntityRow[];
    /** Everything else that the source says. */
    extended: Record<string, unknown>;
    /** Its versions, oldest first. */
    versions: VersionRow[];
});

/** A page of the incident queue. */
export type IncidentPage = Page_IncidentRow & {
    /** Counters over everything that matches the filter. */
    counters: Counters;
};

/** An incident as a row of the queue. */
export interface IncidentRow {
    /** Id of the incident. */
    id: string;
    /** Number that people say. */
    number?: number | null;
    /** Title. */
    title: string;
    /** Severity. */
    severity: string;
    /** Status. */
    status: string;
    /** Who works on it. */
    owner?: string | null;
    /** Classification it was closed with. */
    classification?: string | null;
    /** Products of its alerts. */
    products: string[];
    /** ATT&CK tactics of its alerts. */
    tactics: string[];
    /** Tags. */
    tags: string[];
    /** How many alerts it contains, those counted that are referenced but not seen. */
    alerts: number;
    /** First activity. */
    first_activity?: string | null;
    /** Last activity. */
    last_activity?: string | null;
    /** When it was opened. */
    created?: string | null;
    /** When it was last changed. */
    modified?: string | null;
    /** Sequence number of the document that says so. */
    seq: number;
}

/** Outcome of one ingest. */
export interface IngestReport {
    /** Documents read: new + updated + duplicate + rejected. */
    documents: number;
    /** Documents that say something not known before. */
    new: number;
    /** Documents that are a further version of a known alert or incident. */
    updated: number;
    /** Documents that are known already, byte for byte or but for white space. */
    duplicate: number;
    /** Documents that could not be read. */
    rejected: number;
    /** Rejected documents by code. */
    rejected_by_code: Record<string, number>;
    /** The first rejects; all of them stand in `rejects_file`. */
    rejects: RejectedDocument[];
    /** File that holds every reject as a JSON line. */
    rejects_file?: string | null;
    /** Alerts read, pieces of one alert counting each. */
    alerts: number;
    /** Incidents read. */
    incidents: number;
    /** Events read, by table. */
    events: Record<string, number>;
    /** Entity records in the lists of the alerts and incidents read, by kind; an entity in two lists counts twice. */
    entities: Record<string, number>;
    /** Members of documents that no mapping reads, by name; they are kept with the record. */
    unmapped: Record<string, number>;
    /** Documents by format. */
    formats: Record<string, number>;
    /** Earliest activity time among the documents read. */
    first?: string | null;
    /** Latest activity time among the documents read. */
    last?: string | null;
    /** Sequence number of the last document that this ingest wrote; 0 when it wrote none. */
    seq: number;
    /** Bytes of documents, unpacked. */
    bytes: number;
    /** Wall time in seconds. */
    seconds: number;
}

/** One step of entity resolution. */
export interface MergeRow {
    /** Key that two mentions share. */
    key: string;
    /** Sequence number of the document that brought them together. */
    seq: number;
}

/** A node of a subgraph: an entity, alert or incident. */
export interface Node {
    /** Reference that every command takes: `alert:ID`, `incident:ID` or `KIND:VALUE`. */
    id: string;
    /** `alert`, `incident` or the entity's kind. */
    kind: string;
    /** Short text for people. */
    label: string;
    /** How many edges the node has in the whole graph. */
    degree: number;
    /** Kind-specific facts: severity, status and times of alerts and incidents, keys of entities. */
    properties: Record<string, unknown>;
}

/** One page of a list. */
export interface Page_AlertRow {
    /** The items, in the order that was asked for. */
    value: ({
    /** Id of the alert. */
    id: string;
    /** Title. */
    title: string;
    /** Severity. */
    severity: string;
    /** Status. */
    status: string;
    /** Product that raised it. */
    product: string;
    /** ATT&CK tactics. */
    tactics: string[];
    /** Incidents that contain it. */
    incidents: string[];
    /** How many entities it names. */
    entities: number;
    /** When the activity began. */
    start?: string | null;
    /** When the activity ended. */
    end?: string | null;
    /** Sequence number of the document that says so. */
    seq: number;
})[];
    /** How many items match in all. */
    total: number;
    /** Whether nothing is left behind this page. */
    complete: boolean;
    /** Where the next page begins. */
    cursor?: string | null;
}

/** One page of a list. */
export interface Page_EntityRow {
    /** The items, in the order that was asked for. */
    value: ({
    /** Reference that every command takes, `KIND:VALUE`. */
    id: string;
    /** Kind. */
    kind: string;
    /** Short text for people. */
    label: string;
    /** How many edges it has. */
    degree: number;
    /** First time it was seen. */
    first?: string | null;
    /** Last time it was seen. */
    last?: string | null;
})[];
    /** How many items match in all. */
    total: number;
    /** Whether nothing is left behind this page. */
    complete: boolean;
    /** Where the next page begins. */
    cursor?: string | null;
}

/** One page of a list. */
export interface Page_IncidentRow {
    /** The items, in the order that was asked for. */
    value: ({
    /** Id of the incident. */
    id: string;
    /** Number that people say. */
    number?: number | null;
    /** Title. */
    title: string;
    /** Severity. */
    severity: string;
    /** Status. */
    status: string;
    /** Who works on it. */
    owner?: string | null;
    /** Classification it was closed with. */
    classification?: string | null;
    /** Products of its alerts. */
    products: string[];
    /** ATT&CK tactics of its alerts. */
    tactics: string[];
    /** Tags. */
    tags: string[];
    /** How many alerts it contains, those counted that are referenced but not seen. */
    alerts: number;
    /** First activity. */
    first_activity?: string | null;
    /** Last activity. */
    last_activity?: string | null;
    /** When it was opened. */
    created?: string | null;
    /** When it was last changed. */
    modified?: string | null;
    /** Sequence number of the document that says so. */
    seq: number;
})[];
    /** How many items match in all. */
    total: number;
    /** Whether nothing is left behind this page. */
    complete: boolean;
    /** Where the next page begins. */
    cursor?: string | null;
}

/** A path, node by node. */
export interface PathRow {
    /** References of its nodes, from `a` to `b`. */
    nodes: string[];
    /** Its edges, in order; an edge may be walked against its direction. */
    edges: Edge[];
    /** Its cost: edges, or the sum of the weights for `rare`. */
    cost: number;
    /** When it arrives, for `time`. */
    arrival?: string | null;
}

/** The paths between two nodes. */
export interface PathsAnswer {
    /** The paths, best first. */
    paths: PathRow[];
    /** The nodes of all paths. */
    nodes: Node[];
    /** Whether these are all paths that were asked for. */
    complete: boolean;
    /** Name of the limit that cut the search. */
    cut?: string | null;
    /** Hubs that were not passed through. */
    hubs: string[];
}

/** A read-only query on the tables. */
export interface QueryRequest {
    /** Language of the text: `sql` (default). */
    lang?: string | null;
    /** The query. */
    text?: string;
    /** Values for `$name` in the text; they never become part of it. */
    parameters?: Record<string, unknown>;
    /** Rows of the answer (default 10,000). */
    limit?: number | null;
    /** Seconds after which the query is given up (default 30, at most 60). */
    timeout_seconds?: number | null;
    /** Whether to answer with the plan instead of running it. */
    explain?: boolean;
}

/** The most connected entities. */
export interface RankAnswer {
    /** The entities, highest score first. */
    value: RankRow[];
    /** Whether these are all. */
    complete: boolean;
}

/** An entity with its rank. */
export type RankRow = Node & {
    /** Edges in the window, or PageRank (all entities' sum to 1). */
    score: number;
};

/** A node that can be reached, with the way to it. */
export type ReachedRow = Node & ({
    /** Earliest instant at which it is reached. */
    arrival?: string | null;
    /** Edges from the start. */
    hops: number;
    /** Reference of the node before it. */
    via?: string | null;
});

/** Why two alerts belong together. */
export interface Reason {
    /** Reference of the entity that both name. */
    entity: string;
    /** Id of the earlier alert. */
    earlier: string;
    /** Id of the later alert. */
    later: string;
    /** Seconds between the end of the earlier and the begin of the later one; 0 where they overlap. */
    gap_seconds: number;
}

/** Where a record came from. */
export interface RecordPlace {
    /** Sequence number. */
    seq: number;
    /** File, archive member or name that the sender gave. */
    source: string;
    /** Line of the source. */
    line: number;
}

/** A document that could not be read. */
export interface RejectedDocument {
    /** Stable name of the reason. */
    code: string;
    /** What was expected and what was found. */
    message: string;
    /** File, archive member or name that the sender gave. */
    source: string;
    /** Line of the source, from 1. */
    line: number;
    /** First characters of the document. */
    excerpt: string;
}

/** What a search found. */
export interface SearchAnswer {
    /** The hits in order. */
    hits: Hit[];
    /** How many documents fit in all. */
    total: number;
    /** Counts of values over all hits. */
    facets: FacetAnswer[];
    /** Whether nothing is left behind this page and no limit cut the search. */
    complete: boolean;
    /** Name of the limit that cut the answer (`limit`, `entity_alerts_max`). */
    cut?: string | null;
    /** Where the next page begins. */
    cursor?: string | null;
    /** The last document of the journal whose words were searched. */
    position: number;
    /** The search as it was understood. */
    understood: string;
    /** Fields in which words without a field were looked for. */
    fields: string[];
    /** Where the same search finds something, if it found nothing where it looked. */
    elsewhere?: Elsewhere[];
}

/** Incidents that resemble one. */
export interface SimilarAnswer {
    /** The incidents, most similar first. */
    value: SimilarRow[];
    /** Whether these are all. */
    complete: boolean;
    /** Hubs that did not count. */
    hubs: string[];
}

/** An incident that resembles the one that was asked about. */
export type SimilarRow = IncidentRow & {
    /** Sum of its terms. */
    score: number;
    /** Why, weightiest first. */
    terms: SimilarTerm[];
};

/** One reason for which an incident resembles another. */
export interface SimilarTerm {
    /** `entity`, `title` or `tactic`. */
    kind: string;
    /** What the two share: reference of an entity, a title, a tactic. */
    value: string;
    /** What it adds to the score. */
    weight: number;
}

/** Nodes and the edges between them. */
export interface Subgraph {
    /** The nodes, those that were asked about first. */
    nodes: Node[];
    /** The edges, newest first unless the question orders them otherwise. */
    edges: Edge[];
    /** How many edges match in all, where that is known without walking them; of an answer that is cut, each hour of an edge counts. */
    total?: number | null;
    /** Whether this is everything that was asked for. */
    complete: boolean;
    /** Name of the limit that cut the answer (`edges_max`, `hub_degree`). */
    cut?: string | null;
    /** Hubs that were not passed through, as references. */
    hubs?: string[];
    /** Where the next page begins. */
    cursor?: string | null;
}

/** Rows under named, typed columns. */
export interface Table {
    /** The columns, in order. */
    columns: Column[];
    /** The rows; a cell is null, bool, number, string, or any JSON for `dynamic`. */
    rows: unknown[][];
    /** Whether these are all rows of the answer. */
    complete: boolean;
    /** Name of the limit that cut the answer (`rows_max`). */
    cut?: string | null;
    /** Where the next page begins. */
    cursor?: string | null;
}

/** A table with its columns. */
export interface TableDetail {
    /** Name. */
    name: string;
    /** Rows. */
    rows: number;
    /** Columns, in order. */
    columns: Column[];
}

/** A table in a list. */
export interface TableRow {
    /** Name. */
    name: string;
    /** Rows. */
    rows: number;
    /** Parquet files. */
    files: number;
    /** Bytes of the files. */
    bytes: number;
}

/** The tables. */
export interface Tables {
    /** The tables, by name. */
    value: TableRow[];
    /** Always true: the list is whole. */
    complete: boolean;
}

/** A page of a timeline. */
export interface TimelineAnswer {
    /** The dated items of the page, in order. */
    value: TimelineItem[];
    /** Items without a time; on the first page only. */
    undated: TimelineItem[];
    /** How many dated items match in all, by kind. */
    counts: Record<string, number>;
    /** First and last time over everything that matches. */
    first?: string | null;
    /** Last time over everything that matches. */
    last?: string | null;
    /** Histogram over everything that matches. */
    buckets: Bucket[];
    /** Whether nothing is left behind this page. */
    complete: boolean;
    /** Name of the limit that cut the answer. */
    cut?: string | null;
    /** Where the next page begins. */
    cursor?: string | null;
    /** Where the page before this one begins. */
    previous?: string | null;
}

/** One item of a timeline. */
export interface TimelineItem {
    /** When it began. */
    time?: string | null;
    /** When it ended, for what lasts. */
    end?: string | null;
    /** `alert`, `incident`, `event` or `status`. */
    kind: string;
    /** What happened, for people. */
    message: string;
    /** Table of an event, product of an alert. */
    source: string;
    /** Severity of an alert or incident. */
    severity?: string | null;
    /** ATT&CK tactics of an alert or incident. */
    tactics: string[];
    /** Reference of the alert or incident. */
    node?: string | null;
    /** Which of the asked nodes it touches. */
    touches: string[];
    /** Sequence number of the document that says so. */
    seq: number;
    /** Cells of an event that are not empty. */
    row?: Record<string, unknown>;
}

/** One version of an alert or incident. */
export interface VersionRow {
    /** Sequence number of its document. */
    seq: number;
    /** When the source made it. */
    modified?: string | null;
    /** When clew took it in. */
    received: string;
    /** File, archive member or name that it came from. */
    source: string;
    /** Line of the source. */
    line: number;
    /** Whether it is the current one. */
    current: boolean;
    /** Whether it is one piece of an alert that comes in several documents. */
    partial: boolean;
}

/** Every assertion behind the edges of two nodes. */
export interface WhyAnswer {
    /** Direct edges between the two, newest first. */
    assertions: AssertionRow[];
    path?: PathsAnswer | null;
    /** Whether these are all. */
    complete: boolean;
}

/** Every operation of the API by its name: what it takes and what it answers. */
export interface Operations {
    /** Counters in the text format of Prometheus */
    metrics: { params: Record<string, never>; body: undefined; answer: unknown };
    /** Lists alerts under a filter, with counters that follow it */
    alerts: { params: {
    /** Any of these severities. */
    severity?: string[];
    /** Any of these states: New, InProgress, Resolved, Dismissed, Unknown. */
    status?: string[];
    /** Any of these products: by name, or by a part of it where no product has the name. */
    product?: string[];
    /** Any of these ATT&CK tactics. */
    tactic?: string[];
    /** Any of these ATT&CK techniques; a technique stands for its sub-techniques. */
    technique?: string[];
    /** An entity (`KIND:VALUE`) that the alert names. */
    entity?: string[];
    /** Id or number of the incident that contains the alert; `none` for alerts outside any. */
    incident?: string;
    /** Words of the title, in any case. */
    title?: string;
    /** Activity not before this time; absolute or relative to now (`-7d`). */
    from?: string;
    /** Activity not after this time. */
    to?: string;
    /** `time` (default: newest first), `severity`, `title`; `-` in front turns the order. */
    sort?: string;
    /** Rows of the page. */
    limit?: number;
    /** Where the last page ended. */
    cursor?: string;
}; body: undefined; answer: AlertPage };
    /** Shows one alert with its entities, versions and document */
    alert: { params: {
    /** Id. */
    id: string;
}; body: undefined; answer: AlertDetail };
    /** Gives the document of an alert's current version, byte for byte */
    alert_raw: { params: {
    /** Id. */
    id: string;
}; body: undefined; answer: unknown };
    /** Lists the versions of an alert, oldest first */
    alert_versions: { params: {
    /** Id. */
    id: string;
}; body: undefined; answer: AlertVersions };
    /** Shows what can be reached from a node forward in time */
    blast_radius: { params: {
    /** Node to start from. */
    node?: string;
    /** The instant at which it starts; absolute or relative to now (default: first time the node was seen). */
    from?: string;
    /** The instant at which it ends. */
    to?: string;
    /** Hops to walk (default 4). */
    hops?: number;
    /** Nodes of the answer (default 500). */
    limit?: number;
    /** Degree above which an entity is not passed through (default 1000; 0 for no limit). */
    hub_degree?: number;
}; body: undefined; answer: BlastRadiusAnswer };
    /** Shows what two nodes have in common */
    common: { params: {
    /** One node. */
    a?: string;
    /** The other node. */
    b?: string;
    /** Nodes of the answer (default 100). */
    limit?: number;
}; body: undefined; answer: Subgraph };
    /** Shows everything that hangs together with a node */
    component: { params: {
    /** Node to start from. */
    node?: string;
    /** Edges not before this time; absolute or relative to now. */
    from?: string;
    /** Edges not after this time. */
    to?: string;
    /** Nodes of the answer (default 1000). */
    limit?: number;
    /** Degree above which an entity is not passed through (default 1000; 0 for no limit). */
    hub_degree?: number;
}; body: undefined; answer: Subgraph };
    /** Makes incidents of alerts that share entities in a window */
    correlate: { params: Record<string, never>; body: CorrelationRequest; answer: Correlation };
    /** Takes a decision on entities back */
    undo_decision: { params: {
    id: string;
}; body: Comment; answer: Decided };
    /** Lists entities under a filter, with counts by kind */
    entities: { params: {
    /** Any of these kinds. */
    kind?: string[];
    /** Text that the label or a key contains, in any case. */
    text?: string;
    /** Seen not before this time; absolute or relative to now (`-7d`). */
    from?: string;
    /** Seen not after this time. */
    to?: string;
    /** `degree` (default: most edges first), `label`, `last`, `first`; `-` in front turns the order. */
    sort?: string;
    /** Rows of the page. */
    limit?: number;
    /** Where the last page ended. */
    cursor?: string;
}; body: undefined; answer: EntityPage };
    /** Decides that two entities are one */
    merge_entities: { params: Record<string, never>; body: EntityMerge; answer: Decided };
    /** Decides that a key does not identify an entity */
    split_entity: { params: Record<string, never>; body: EntitySplit; answer: Decided };
    /** Shows one entity with its keys, relations, merges and look-alikes */
    entity: { params: {
    /** Reference, `KIND:VALUE`. */
    entity: string;
}; body: undefined; answer: EntityDetail };
    /** Lists the exploration queries that fit an entity, with result counts on request */
    explorations: { params: {
    /** Reference of the entity, `KIND:VALUE`; without one every query is listed. */
    entity?: string;
    /** Whether to run each query and say how many results it has. */
    counts?: boolean;
    /** Window of the counts; default: the query's own around the entity's last activity. */
    from?: string;
    /** End of the window. */
    to?: string;
}; body: undefined; answer: Explorations };
    /** Runs an exploration query: its rows, and the nodes and edges that they add */
    explore: { params: {
    /** Reference of the entity, `KIND:VALUE`. */
    entity?: string;
    /** Name or id of the query. */
    query?: string;
    /** Begin of the window; default: the query's own around `at`. */
    from?: string;
    /** End of the window. */
    to?: string;
    /** The instant that the query's own window lies around; default: the entity's last activity. */
    at?: string;
    /** Results (default: the query's own, mostly 10). */
    limit?: number;
}; body: undefined; answer: ExploreAnswer };
    /** Writes every document as a line of JSON, as `clew import` takes it */
    export: { params: Record<string, never>; body: undefined; answer: unknown };
    /** Answers 200 as long as the server lives */
    health: { params: Record<string, never>; body: undefined; answer: Health };
    /** Lists incidents under a filter, with counters that follow it */
    incidents: { params: {
    /** Any of these severities. */
    severity?: string[];
    /** Any of these states: New, Active, Closed; `open` is New or Active. */
    status?: string[];
    /** Owner's name, mail address or principal name, in any case; `unassigned` for none. */
    owner?: string[];
    /** Any of these products: by name, or by a part of it where no product has the name. */
    product?: string[];
    /** Any of these ATT&CK tactics. */
    tactic?: string[];
    /** Any of these ATT&CK techniques; a technique stands for its sub-techniques. */
    technique?: string[];
    /** Any of these tags. */
    tag?: string[];
    /** An entity (`KIND:VALUE`) that an alert of the incident, or the incident itself, names. */
    entity?: string[];
    /** Last activity not before this time; absolute or relative to now (`-7d`). */
    from?: string;
    /** First activity not after this time. */
    to?: string;
    /** `severity` (default: gravest first, then last activity), `created`, `modified`, `activity`, `number`, `title`; `-` in front turns the order. */
    sort?: string;
    /** Rows of the page. */
    limit?: number;
    /** Where the last page ended. */
    cursor?: string;
}; body: undefined; answer: IncidentPage };
    /** Shows one incident, by id or number, with its alerts and entities */
    incident: { params: {
    /** Id or number. */
    id: string;
}; body: undefined; answer: IncidentDetail };
    /** Finds incidents that share rare entities, titles and tactics, with the terms of each score */
    similar: { params: {
    /** Id or number of the incident. */
    incident: string;
    /** Incidents of the answer (default 20). */
    limit?: number;
}; body: undefined; answer: SimilarAnswer };
    /** Takes in alerts, incidents and events: JSON, JSON lines, CSV, zip or gz; durable when it answers */
    ingest: { params: {
    /** Name of the format of every document (`sentinel-alert`, `guardduty`, `event`); recognised by content if none. */
    format?: string;
    /** Table for rows that name none. */
    table?: string;
    /** Name of the source as rejects and origins show it; a file name with extension helps to recognise it. */
    source?: string;
}; body: undefined; answer: IngestReport };
    /** Shows the edges of a node, newest first */
    neighbors: { params: {
    /** `alert:ID`, `incident:ID` or `KIND:VALUE`. */
    node?: string;
    /** Any of these relations. */
    relation?: string[];
    /** Neighbours of any of these kinds (`alert` and `incident` are kinds too). */
    kind?: string[];
    /** `out`, `in` or `both` (default). */
    direction?: string;
    /** Edges not before this time; absolute or relative to now (`-7d`). */
    from?: string;
    /** Edges not after this time. */
    to?: string;
    /** Hops to walk (default 1, at the most 6). */
    hops?: number;
    /** Edges of the answer (default 100). */
    limit?: number;
    /** Where the last page ended; for one hop. An edge whose records stand on several pages comes on each, with its share of the count. */
    cursor?: string;
}; body: undefined; answer: Subgraph };
    /** This description */
    openapi: { params: Record<string, never>; body: undefined; answer: unknown };
    /** Finds paths between two nodes: shortest, by rarity, or in the order of time */
    paths: { params: {
    /** Node to start from. */
    a?: string;
    /** Node to arrive at. */
    b?: string;
    /** `shortest` (default), `all` shortest ones, `k` shortest ones, `rare` (avoids hubs by weight) or `time` (edges in non-decreasing time). */
    mode?: string;
    /** How many paths for `k` and `all` (default 10). */
    k?: number;
    /** Edges of a path at the most (default 8). */
    hops?: number;
    /** Edges not before this time; absolute or relative to now. */
    from?: string;
    /** Edges not after this time. */
    to?: string;
    /** Degree above which an entity is not passed through (default 1000; 0 for no limit). */
    hub_degree?: number;
}; body: undefined; answer: PathsAnswer };
    /** Runs a read-only query on the tables */
    query: { params: Record<string, never>; body: QueryRequest; answer: Table };
    /** Ranks nodes by degree or PageRank within a window */
    rank: { params: {
    /** `degree` (default) or `pagerank`. */
    by?: string;
    /** Any of these kinds. */
    kind?: string[];
    /** Edges not before this time; absolute or relative to now. */
    from?: string;
    /** Edges not after this time. */
    to?: string;
    /** Entities of the answer (default 20). */
    limit?: number;
}; body: undefined; answer: RankAnswer };
    /** Answers 200 when questions can be asked, 503 before */
    ready: { params: Record<string, never>; body: undefined; answer: Health };
    /** Finds incidents, alerts and entities by their words */
    search: { params: {
    /** Search text: words, `"phrases"`, `begin*`, `slip~`, `field:value`, ranges, `AND`, `OR`, `NOT`, `-`, brackets. */
    q?: string;
    /** Any of `incident`, `alert`, `entity`; incidents if absent, all if the text has a `kind:` term. */
    kind?: DocKind[];
    /** Fields of terms that name none: `id`, `title`, `tag`, `owner`, `product` if absent. */
    field?: string[];
    /** `relevance`, `time` (of the last change), `created`, `first`, `last`, `severity` or `number`, newest or best first; `-` in front turns the order. */
    sort?: string;
    /** Most hits of the answer (default 20). */
    limit?: number;
    /** Where the page begins: the `cursor` of the page before. */
    cursor?: string;
    /** Properties whose values are counted over all hits: `severity`, `status`, `kind`, `product` and others. */
    facet?: Facet[];
    /** Whether to show where the words stand (default true). */
    highlight?: boolean;
}; body: undefined; answer: SearchAnswer };
    /** Counts documents, nodes, edges and rows */
    stats: { params: Record<string, never>; body: undefined; answer: EngineStats };
    /** Lists the tables with their row counts */
    tables: { params: {
    /** Whether to list tables without rows too. */
    empty?: boolean;
}; body: undefined; answer: Tables };
    /** Shows one table with its columns */
    table: { params: {
    /** Name, in any case. */
    name: string;
}; body: undefined; answer: TableDetail };
    /** Puts alerts, events and status changes that touch some nodes in the order of time */
    timeline: { params: {
    /** Incidents (`incident:ID`), alerts (`alert:ID`) and entities (`KIND:VALUE`); a bare id or number is an incident. */
    of?: string[];
    /** Items not before this time; absolute or relative to now (`-7d`). */
    from?: string;
    /** Items not after this time. */
    to?: string;
    /** Any of: `alert`, `incident`, `event`, `status`. */
    kind?: string[];
    /** Any of these tables (events). */
    table?: string[];
    /** Any of these severities (alerts and incidents). */
    severity?: string[];
    /** Any of these ATT&CK tactics (alerts and incidents). */
    tactic?: string[];
    /** `oldest` (default) or `newest` first. */
    order?: string;
    /** Items of the page (default 100). */
    limit?: number;
    /** Where the last page ended; `next` or `previous` of an answer. */
    cursor?: string;
    /** Histogram buckets over the whole answer (default 0, at the most 1000). */
    buckets?: number;
}; body: undefined; answer: TimelineAnswer };
    /** Lists every assertion behind the edges between two nodes */
    why: { params: {
    /** One node. */
    a?: string;
    /** The other node. */
    b?: string;
    /** Assertions of the answer (default 100). */
    limit?: number;
}; body: undefined; answer: WhyAnswer };
}

/** Method and path of every operation. */
export const routes: Record<keyof Operations, { method: string; path: string }> = {
    metrics: { method: "GET", path: "/metrics" },
    alerts: { method: "GET", path: "/v1/alerts" },
    alert: { method: "GET", path: "/v1/alerts/{id}" },
    alert_raw: { method: "GET", path: "/v1/alerts/{id}/raw" },
    alert_versions: { method: "GET", path: "/v1/alerts/{id}/versions" },
    blast_radius: { method: "GET", path: "/v1/blast-radius" },
    common: { method: "GET", path: "/v1/common" },
    component: { method: "GET", path: "/v1/component" },
    correlate: { method: "POST", path: "/v1/correlate" },
    undo_decision: { method: "POST", path: "/v1/decisions/{id}/undo" },
    entities: { method: "GET", path: "/v1/entities" },
    merge_entities: { method: "POST", path: "/v1/entities/merge" },
    split_entity: { method: "POST", path: "/v1/entities/split" },
    entity: { method: "GET", path: "/v1/entities/{entity}" },
    explorations: { method: "GET", path: "/v1/explorations" },
    explore: { method: "GET", path: "/v1/explore" },
    export: { method: "GET", path: "/v1/export" },
    health: { method: "GET", path: "/v1/health" },
    incidents: { method: "GET", path: "/v1/incidents" },
    incident: { method: "GET", path: "/v1/incidents/{id}" },
    similar: { method: "GET", path: "/v1/incidents/{incident}/similar" },
    ingest: { method: "POST", path: "/v1/ingest" },
    neighbors: { method: "GET", path: "/v1/neighbors" },
    openapi: { method: "GET", path: "/v1/openapi.json" },
    paths: { method: "GET", path: "/v1/paths" },
    query: { method: "POST", path: "/v1/query" },
    rank: { method: "GET", path: "/v1/rank" },
    ready: { method: "GET", path: "/v1/ready" },
    search: { method: "GET", path: "/v1/search" },
    stats: { method: "GET", path: "/v1/stats" },
    tables: { method: "GET", path: "/v1/tables" },
    table: { method: "GET", path: "/v1/tables/{name}" },
    timeline: { method: "GET", path: "/v1/timeline" },
    why: { method: "GET", path: "/v1/why" },
};
