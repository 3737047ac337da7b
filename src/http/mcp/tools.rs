//! The tools: their names, what they are for, their parameters, and the request of the API that each call stands for.
//!
//! Every tool asks the API, so it shows and does what the API shows and does to whoever calls it, and no more. What would write only proposes.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::http::request::Request;
use crate::model::{Fault, FaultClass};
use crate::triage::proposal::ProposalAction;

/// Rows of an answer when the call names no limit: what an assistant can take in.
const ROWS: u64 = 50;
/// Rows of an answer at the most.
const ROWS_MAX: u64 = 1_000;

/// Newest edges that are shown with an entity.
const EDGES: u64 = 20;

/// What kind of value a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Text,
    Texts,
    Number,
    Numbers,
    Word(&'static [&'static str]),
    Fields,
}

/// A parameter of a tool.
#[derive(Clone, Copy, Debug)]
struct Parameter {
    name: &'static str,
    needed: bool,
    takes: Takes,
    meaning: &'static str,
}

const fn must(name: &'static str, takes: Takes, meaning: &'static str) -> Parameter {
    Parameter { name, needed: true, takes, meaning }
}

const fn may(name: &'static str, takes: Takes, meaning: &'static str) -> Parameter {
    Parameter { name, needed: false, takes, meaning }
}

/// What a call stands for.
#[derive(Clone, Copy, Debug)]
enum Call {
    /// A question at a path; parameters that the path names stand in it.
    Get(&'static str),
    /// The same, or another question if the parameter of the path is missing.
    GetOr(&'static str, &'static str),
    Search,
    Explore,
    Query,
    Propose(ProposalAction),
    Close,
}

/// A tool.
pub(super) struct Described {
    pub(super) name: &'static str,
    title: &'static str,
    description: &'static str,
    call: Call,
    parameters: &'static [Parameter],
}

const SEVERITIES: Takes = Takes::Texts;
const FROM: Parameter = may("from", Takes::Text, "Not before: 2021-04-28T14:31:30Z, or relative to now: -24h, -7d");
const TO: Parameter = may("to", Takes::Text, "Not after");
const AS_OF: Parameter = may("as_of", Takes::Text, "As it was known at this instant, not as it is known now");
const LIMIT: Parameter = may("limit", Takes::Number, "Rows of the answer (50, at the most 1000)");
const CURSOR: Parameter = may("cursor", Takes::Text, "Where the last page ended");
const INCIDENT: Parameter = must("incident", Takes::Text, "Id or number of the incident");
const REASON: Parameter = must("reason", Takes::Text, "Why, in words for the person who decides");
const RECORDS: Parameter = must("records", Takes::Numbers, "Sequence numbers (`seq`) of the records that prove the reason");
const ETAG: Parameter = may("etag", Takes::Text, "The `etag` of the incident as it was read; a newer version refuses the proposal");

/// Every tool, those that read first.
pub(super) const TOOLS: &[Described] = &[
    Described {
        name: "search",
        title: "Search",
        description: "Finds incidents, alerts and entities by their words, best first. Fields narrow it: `title:logon AND severity:high`.",
        call: Call::Search,
        parameters: &[
            must("text", Takes::Text, "Words, phrases in quotes, field:value, AND, OR, NOT"),
            may("kind", Takes::Texts, "Any of incident, alert, entity; all if none is named"),
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "incidents",
        title: "Incidents",
        description: "Lists the queue of incidents under a filter, the gravest first.",
        call: Call::Get("/v1/incidents"),
        parameters: &[
            may("status", Takes::Texts, "Any of New, Active, Closed; `open` is New or Active"),
            may("severity", SEVERITIES, "Any of High, Medium, Low, Informational"),
            may("owner", Takes::Texts, "Owner's name or address; `unassigned` for none"),
            may("tag", Takes::Texts, "Any of these tags"),
            may("entity", Takes::Texts, "Naming this entity, KIND:VALUE"),
            FROM,
            TO,
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "incident",
        title: "Incident",
        description: "Shows an incident with its alerts, entities, comments and tasks, and its `etag`.",
        call: Call::Get("/v1/incidents/{id}"),
        parameters: &[must("id", Takes::Text, "Id or number"), AS_OF],
    },
    Described {
        name: "alerts",
        title: "Alerts",
        description: "Lists alerts under a filter, the latest first.",
        call: Call::Get("/v1/alerts"),
        parameters: &[
            may("incident", Takes::Text, "Of this incident, id or number"),
            may("entity", Takes::Texts, "Naming this entity, KIND:VALUE"),
            may("severity", SEVERITIES, "Any of High, Medium, Low, Informational"),
            may("status", Takes::Texts, "Any of New, InProgress, Resolved, Dismissed; `open`"),
            may("title", Takes::Text, "With this title"),
            FROM,
            TO,
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "alert",
        title: "Alert",
        description: "Shows an alert with its entities, versions and document.",
        call: Call::Get("/v1/alerts/{id}"),
        parameters: &[must("id", Takes::Text, "Id")],
    },
    Described {
        name: "entities",
        title: "Entities",
        description: "Lists entities by kind and text, those with the most edges first.",
        call: Call::Get("/v1/entities"),
        parameters: &[
            may("kind", Takes::Texts, "Any of account, host, ip, file, process, url ..."),
            may("text", Takes::Text, "Text that the label or a key contains"),
            FROM,
            TO,
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "entity",
        title: "Entity",
        description: "Shows an entity with its keys, relations, merges, look-alikes, lists and indicators, and its newest edges.",
        call: Call::Get("/v1/entities/{entity}"),
        parameters: &[must("entity", Takes::Text, "Reference, KIND:VALUE")],
    },
    Described {
        name: "explore",
        title: "Explore",
        description: "Asks a saved question about an entity; without `query`, lists the questions that fit it with their number of results.",
        call: Call::Explore,
        parameters: &[
            must("entity", Takes::Text, "Reference of the entity"),
            may("query", Takes::Text, "Name or id of the question"),
            FROM,
            TO,
            AS_OF,
            LIMIT,
        ],
    },
    Described {
        name: "timeline",
        title: "Timeline",
        description: "Puts what happened to nodes in the order of time: alerts, incidents and raw events, each with the record that says so.",
        call: Call::Get("/v1/timeline"),
        parameters: &[
            must("of", Takes::Texts, "References of incidents, alerts or entities"),
            may("kind", Takes::Texts, "Any of alert, incident, event"),
            FROM,
            TO,
            AS_OF,
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "neighbors",
        title: "Neighbours",
        description: "Shows what a node is linked with, newest edges first, or everything within some hops; `evidence` names the records.",
        call: Call::Get("/v1/neighbors"),
        parameters: &[
            must("node", Takes::Text, "Reference of the node"),
            may("relation", Takes::Texts, "Any of these relations"),
            may("kind", Takes::Texts, "Neighbours of any of these kinds"),
            may("hops", Takes::Number, "Hops (1, at the most 16)"),
            may("per_node", Takes::Number, "With hops: edges that each node gives, newest first (50)"),
            FROM,
            TO,
            AS_OF,
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "paths",
        title: "Paths",
        description: "Finds how two nodes hang together, edge by edge; `evidence` names the records.",
        call: Call::Get("/v1/paths"),
        parameters: &[
            must("a", Takes::Text, "Node to start from"),
            must("b", Takes::Text, "Node to arrive at"),
            may("mode", Takes::Word(&["shortest", "all", "k", "rare", "time"]), "Which paths (shortest)"),
            may("k", Takes::Number, "How many, of `k` and `all` (10)"),
            may("hops", Takes::Number, "Edges of a path at the most (8)"),
            FROM,
            TO,
            AS_OF,
        ],
    },
    Described {
        name: "why",
        title: "Why",
        description: "Lists every record that asserts the edges between two nodes, with sequence number, source and line.",
        call: Call::Get("/v1/why"),
        parameters: &[must("a", Takes::Text, "One node"), must("b", Takes::Text, "The other node"), LIMIT],
    },
    Described {
        name: "query",
        title: "Query",
        description: "Runs a read-only KQL query on the tables, the graph and the full text; `explore(...)`, `neighbors(...)`, `evaluate expand(...)` \
                      compose them. `_Seq`, `_Source`, `_Line` of a row say where it came from: project them to cite it.",
        call: Call::Query,
        parameters: &[must("text", Takes::Text, "The query"), may("lang", Takes::Word(&["kql", "sql", "cypher"]), "Language (kql)"), LIMIT],
    },
    Described {
        name: "schema",
        title: "Schema",
        description: "Lists the tables with their rows, or the columns of one with their types.",
        call: Call::GetOr("/v1/tables/{name}", "/v1/tables"),
        parameters: &[may("name", Takes::Text, "A table")],
    },
    Described {
        name: "proposals",
        title: "Proposals",
        description: "Lists proposed changes and what became of them.",
        call: Call::Get("/v1/proposals"),
        parameters: &[
            may("state", Takes::Texts, "Any of open, accepted, rejected"),
            may("incident", Takes::Text, "Of this incident"),
            LIMIT,
            CURSOR,
        ],
    },
    Described {
        name: "propose_incident_change",
        title: "Propose a change",
        description: "Proposes to change fields of an incident: a person accepts or rejects it. Nothing is changed before.",
        call: Call::Propose(ProposalAction::Update),
        parameters: &[
            INCIDENT,
            must(
                "change",
                Takes::Fields,
                "Fields as `PATCH /v1/incidents/{id}` takes them: title, description, severity, status, owner {name, email}, add_tags, remove_tags, \
                 classification, classification_reason, classification_comment, reason, parent",
            ),
            REASON,
            RECORDS,
            ETAG,
        ],
    },
    Described {
        name: "propose_comment",
        title: "Propose a comment",
        description: "Proposes a comment on an incident: a person accepts or rejects it.",
        call: Call::Propose(ProposalAction::Comment),
        parameters: &[INCIDENT, must("message", Takes::Text, "The comment, Markdown"), REASON, RECORDS, ETAG],
    },
    Described {
        name: "propose_task",
        title: "Propose a task",
        description: "Proposes a task for an incident: a person accepts or rejects it.",
        call: Call::Propose(ProposalAction::Task),
        parameters: &[
            INCIDENT,
            must("title", Takes::Text, "What is to be done"),
            may("description", Takes::Text, "The long text, Markdown"),
            REASON,
            RECORDS,
            ETAG,
        ],
    },
    Described {
        name: "propose_close",
        title: "Propose to close",
        description: "Proposes to close an incident: a person accepts or rejects it.",
        call: Call::Close,
        parameters: &[
            INCIDENT,
            must("classification", Takes::Word(&["TruePositive", "BenignPositive", "FalsePositive", "Undetermined"]), "What it was"),
            may(
                "classification_reason",
                Takes::Word(&["SuspiciousActivity", "SuspiciousButExpected", "IncorrectAlertLogic", "InaccurateData"]),
                "SuspiciousActivity of TruePositive, SuspiciousButExpected of BenignPositive, the others of FalsePositive",
            ),
            may("comment", Takes::Text, "What is said on closing; the reason if it is left out"),
            REASON,
            RECORDS,
            ETAG,
        ],
    },
];

impl Takes {
    fn schema(self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Self::Number => json!({"type": "integer", "minimum": 1}),
            Self::Numbers => json!({"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1}),
            Self::Word(words) => json!({"type": "string", "enum": words}),
            Self::Fields => json!({"type": "object"}),
        }
    }

    fn fits(self, value: &Value) -> bool {
        let all = |items: &Value, holds: fn(&Value) -> bool| items.as_array().is_some_and(|items| items.iter().all(holds));
        match self {
            Self::Text => value.is_string(),
            // One text stands for a list of one: assistants write both.
            Self::Texts => value.is_string() || all(value, Value::is_string),
            Self::Number => value.is_u64(),
            Self::Numbers => all(value, Value::is_u64),
            Self::Word(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::Fields => value.is_object(),
        }
    }
}

impl Described {
    /// The tool as a client lists it.
    pub(super) fn tool(&self) -> Tool {
        let mut properties = JsonObject::new();
        for parameter in self.parameters {
            let mut schema = parameter.takes.schema();
            schema["description"] = parameter.meaning.into();
            properties.insert(parameter.name.to_owned(), schema);
        }
        let required: Vec<Value> =
            self.parameters.iter().filter(|parameter| parameter.needed).map(|parameter| parameter.name.into()).collect();
        let schema = JsonObject::from_iter([
            ("type".to_owned(), "object".into()),
            ("properties".to_owned(), properties.into()),
            ("required".to_owned(), required.into()),
            ("additionalProperties".to_owned(), false.into()),
        ]);
        let hints = ToolAnnotations::with_title(self.title).read_only(self.reads()).destructive(false).open_world(false);
        Tool::new(self.name, self.description, schema).with_annotations(hints)
    }

    /// Whether a call leaves everything as it was.
    fn reads(&self) -> bool {
        !matches!(self.call, Call::Propose(_) | Call::Close)
    }

    /// The request that a call stands for.
    pub(super) fn request(&self, given: &JsonObject) -> Result<Request, Fault> {
        self.check(given)?;
        let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        let limit = Some(given.get("limit").and_then(Value::as_u64).unwrap_or(ROWS).clamp(1, ROWS_MAX));
        Ok(match self.call {
            Call::Get(path) => self.question(path, given),
            Call::GetOr(path, other) => self.question(if self.path_is_whole(path, given) { path } else { other }, given),
            Call::Search => {
                let kinds = texts(given.get("kind")).unwrap_or_else(|| ["incident", "alert", "entity"].map(str::to_owned).into());
                let request = Request::get("/v1/search").with("q", text("text")).each("kind", &kinds);
                request.with("limit", limit).with("cursor", text("cursor"))
            }
            Call::Explore if text("query").is_some() => self.question("/v1/explore", given),
            Call::Explore => {
                let request = Request::get("/v1/explorations").with("entity", text("entity")).flag("counts", true);
                request.with("from", text("from")).with("to", text("to")).with("as_of", text("as_of"))
            }
            Call::Query => Request::post("/v1/query", json!({"text": text("text"), "lang": text("lang"), "limit": limit})),
            Call::Propose(action) => propose(action, given, self.change(action, given)),
            Call::Close => {
                let comment = text("comment").or_else(|| text("reason"));
                let mut change = json!({"status": "Closed", "classification": text("classification"), "classification_comment": comment});
                if let Some(reason) = text("classification_reason") {
                    change["classification_reason"] = reason.into();
                }
                propose(ProposalAction::Update, given, change)
            }
        })
    }

    /// What is asked beside, to prove an answer that names no records itself: the question, and the member of its answer that is added.
    pub(super) fn beside(&self, given: &JsonObject) -> Option<(Request, &'static str)> {
        let entity = given.get("entity").and_then(Value::as_str).filter(|_| self.name == "entity")?;
        Some((Request::get("/v1/neighbors").with("node", Some(entity)).with("limit", Some(EDGES)), "edges"))
    }

    /// A question at a path, each parameter under its own name.
    fn question(&self, path: &'static str, given: &JsonObject) -> Request {
        let (front, named) = path.split_once("/{").map_or((path, None), |(front, name)| (front, name.strip_suffix('}')));
        let mut request = Request::get(front);
        if let Some(part) = named.and_then(|name| given.get(name)).and_then(Value::as_str) {
            request = request.part(part);
        }
        for parameter in self.parameters.iter().filter(|parameter| Some(parameter.name) != named) {
            let value = given.get(parameter.name).filter(|value| !value.is_null());
            request = match (parameter.name, value) {
                ("limit", value) => request.with("limit", Some(value.and_then(Value::as_u64).unwrap_or(ROWS).clamp(1, ROWS_MAX))),
                (name, Some(Value::Array(_))) => request.each(name, &texts(value).unwrap_or_default()),
                (name, Some(Value::String(text))) if parameter.takes == Takes::Texts => request.each(name, std::slice::from_ref(text)),
                (name, Some(Value::String(text))) => request.with(name, Some(text)),
                (name, Some(value)) => request.with(name, Some(value)),
                (_, None) => request,
            };
        }
        request
    }

    fn path_is_whole(&self, path: &str, given: &JsonObject) -> bool {
        self.parameters
            .iter()
            .filter(|parameter| path.contains(&format!("{{{}}}", parameter.name)))
            .all(|parameter| given.get(parameter.name).is_some_and(|value| !value.is_null()))
    }

    /// The body of a proposed action: the fields that were given, or the parameters that are the tool's own.
    fn change(&self, action: ProposalAction, given: &JsonObject) -> Value {
        let own: &[&str] = match action {
            ProposalAction::Update => return given.get("change").cloned().unwrap_or_default(),
            ProposalAction::Comment => &["message"],
            ProposalAction::Task => &["title", "description"],
        };
        let members = own
            .iter()
            .filter_map(|name| given.get(*name).filter(|value| !value.is_null()).map(|value| ((*name).to_owned(), value.clone())));
        Value::Object(members.collect::<Map<_, _>>())
    }

    fn check(&self, given: &JsonObject) -> Result<(), Fault> {
        let invalid = |message: String| Err(Fault::new(FaultClass::Invalid, "tool_arguments", message));
        for parameter in self.parameters {
            let fits = match given.get(parameter.name) {
                None | Some(Value::Null) => !parameter.needed,
                Some(value) => parameter.takes.fits(value),
            };
            if !fits {
                let found = given.get(parameter.name).unwrap_or(&Value::Null);
                return invalid(format!("expected `{}` as {}, found {found}", parameter.name, parameter.takes.schema()));
            }
        }
        match given.keys().find(|name| !self.parameters.iter().any(|known| known.name == *name)) {
            Some(name) => invalid(format!("`{}` has no parameter `{name}`", self.name)),
            None => Ok(()),
        }
    }
}

fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

fn propose(action: ProposalAction, given: &JsonObject, change: Value) -> Request {
    let member = |name: &str| given.get(name).cloned().unwrap_or_default();
    let body = json!({
        "incident": member("incident"), "action": action, "change": change, "reason": member("reason"), "records": member("records"),
        "etag": member("etag"),
    });
    Request::post("/v1/proposals", body)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::TOOLS;

    fn request(name: &str, given: &Value) -> Result<crate::http::request::Request, &'static str> {
        let tool = TOOLS.iter().find(|tool| tool.name == name).expect("a tool");
        tool.request(given.as_object().expect("an object")).map_err(|fault| fault.code)
    }

    #[test]
    fn calls_become_requests() {
        let cases = [
            ("search", json!({"text": "a b", "limit": 3}), "GET /v1/search?q=a%20b&kind=incident&kind=alert&kind=entity&limit=3"),
            ("search", json!({"text": "a", "kind": "alert"}), "GET /v1/search?q=a&kind=alert&limit=50"),
            ("incidents", json!({"status": ["open"], "limit": 5000}), "GET /v1/incidents?status=open&limit=1000"),
            ("incident", json!({"id": "42"}), "GET /v1/incidents/42"),
            ("entity", json!({"entity": "account:a\\b/c"}), "GET /v1/entities/account%3Aa%5Cb%2Fc"),
            ("timeline", json!({"of": ["incident:1", "host:a,b"]}), "GET /v1/timeline?of=incident%3A1&of=host%3Aa%5C%2Cb&limit=50"),
            ("explore", json!({"entity": "host:a"}), "GET /v1/explorations?entity=host%3Aa&counts=true"),
            ("explore", json!({"entity": "host:a", "query": "q", "limit": 7}), "GET /v1/explore?entity=host%3Aa&query=q&limit=7"),
            ("explore", json!({"entity": "host:a", "as_of": "-1d"}), "GET /v1/explorations?entity=host%3Aa&counts=true&as_of=-1d"),
            ("explore", json!({"entity": "a:b", "query": "q", "as_of": "-1d"}), "GET /v1/explore?entity=a%3Ab&query=q&as_of=-1d&limit=50"),
            ("timeline", json!({"of": "host:a", "as_of": "-1d"}), "GET /v1/timeline?of=host%3Aa&as_of=-1d&limit=50"),
            ("neighbors", json!({"node": "host:a", "as_of": "-1d"}), "GET /v1/neighbors?node=host%3Aa&as_of=-1d&limit=50"),
            ("paths", json!({"a": "host:a", "b": "ip:1", "as_of": "-1d"}), "GET /v1/paths?a=host%3Aa&b=ip%3A1&as_of=-1d"),
            ("schema", json!({}), "GET /v1/tables"),
            ("schema", json!({"name": "SigninLogs"}), "GET /v1/tables/SigninLogs"),
            ("paths", json!({"a": "host:a", "b": "ip:1", "k": 2}), "GET /v1/paths?a=host%3Aa&b=ip%3A1&k=2"),
            ("query", json!({"text": "print 1"}), "POST /v1/query"),
        ];
        for (name, given, expected) in cases {
            let found = request(name, &given).map(|request| format!("{} {}", request.method(), request.target()));
            assert_eq!(found.as_deref(), Ok(expected), "{name} {given}");
        }
    }

    #[test]
    fn what_would_write_proposes() {
        let body = |name: &str, given: &Value| {
            let request = request(name, given).expect("a request");
            assert_eq!((request.method(), request.target().as_str()), ("POST", "/v1/proposals"));
            request.body.expect("a body")
        };
        let close = json!({"incident": "4", "classification": "FalsePositive", "classification_reason": "InaccurateData", "reason": "a test", "records": [7]});
        assert_eq!(
            body("propose_close", &close),
            json!({"incident": "4", "action": "update", "reason": "a test", "records": [7], "etag": null, "change": {
                "status": "Closed", "classification": "FalsePositive", "classification_reason": "InaccurateData", "classification_comment": "a test",
            }})
        );
        let task = json!({"incident": "4", "title": "look", "reason": "r", "records": [7, 8], "etag": "9"});
        assert_eq!(
            body("propose_task", &task),
            json!({"incident": "4", "action": "task", "change": {"title": "look"}, "reason": "r", "records": [7, 8], "etag": "9"})
        );
        for tool in TOOLS {
            let hints = tool.tool().annotations.expect("hints");
            let proposes = tool.name.starts_with("propose_");
            assert_eq!((hints.read_only_hint, hints.destructive_hint), (Some(!proposes), Some(false)), "{}", tool.name);
        }
    }

    #[test]
    fn wrong_arguments_are_named() {
        let cases = [
            ("search", json!({})),
            ("search", json!({"text": 1})),
            ("why", json!({"a": "x"})),
            ("schema", json!({"nme": "x"})),
            ("paths", json!({"a": "x", "b": "y", "mode": "best"})),
            ("neighbors", json!({"node": "x", "hops": -1})),
            ("propose_comment", json!({"incident": "1", "message": "m", "reason": "r"})),
            ("propose_comment", json!({"incident": "1", "message": "m", "reason": "r", "records": ["7"]})),
            ("propose_incident_change", json!({"incident": "1", "change": "Closed", "reason": "r", "records": [7]})),
        ];
        for (name, given) in cases {
            assert_eq!(request(name, &given).map(|request| request.target()), Err("tool_arguments"), "{name} {given}");
        }
    }
}
