//! Entity kinds: their names, properties, identifier sets and references, as `schema/entities.toml` declares them.

use std::sync::OnceLock;

use hashbrown::HashMap;
use serde::Deserialize;

use super::Folded;
use crate::model::{Kind, Relation};

/// A kind of entity that the catalog knows.
#[derive(Debug)]
pub struct EntityKind {
    /// Name as it is stored and shown.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// `kind` of the Sentinel REST API.
    pub rest: Option<&'static str>,
    /// `EntityType` of Defender XDR.
    pub xdr: Option<&'static str>,
    /// Names of the properties as they are stored.
    pub properties: Vec<&'static str>,
    /// Sets of properties that identify alone.
    pub strong: Vec<Vec<&'static str>>,
    /// Sets of properties that identify only together with others.
    pub weak: Vec<Vec<&'static str>>,
    /// Name of the rule that makes the keys; none means that the sets are taken as they stand.
    pub rule: Option<&'static str>,
    /// Weak sets by which a mention without a strong key joins the only strong entity that has the same one.
    pub join_unique: Vec<&'static str>,
    /// Properties whose first present one names the entity.
    pub label: Vec<&'static str>,
    /// Properties that hold other entities.
    pub references: Vec<Reference>,
    spellings: HashMap<Box<[u8]>, &'static str>,
}

/// A property that holds other entities.
#[derive(Debug)]
pub struct Reference {
    /// Name of the property.
    pub property: &'static str,
    /// Kinds that it may hold; a nameless entity is of the first.
    pub kinds: Vec<&'static str>,
    /// The relation that it asserts.
    pub relation: Relation,
    /// Whether the relation runs from the entity that is held to the one that holds.
    pub reverse: bool,
    /// Id of the reference as a rule (`process.ParentProcess`).
    pub rule: &'static str,
}

/// A relation that references assert.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceRelation {
    /// Name as it is stored and shown.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What it says, in one sentence.
    pub description: &'static str,
}

impl EntityKind {
    /// The kind as a value of the model.
    pub fn kind(&self) -> Kind {
        Kind::known(self.name)
    }

    /// The stored name of a property or reference in any known spelling.
    pub fn property(&self, name: &str) -> Option<&'static str> {
        let folded = Folded::<48>::new(name)?;
        self.spellings.get(folded.as_bytes()).copied()
    }

    /// The reference of this stored name.
    pub fn reference(&self, property: &str) -> Option<&Reference> {
        self.references.iter().find(|reference| reference.property == property)
    }
}

/// Property by which an entity of an unknown kind, or an unknown property, refers to another one.
pub const REFERS_TO: Relation = Relation::known("refers_to");

struct Entities {
    kinds: Vec<EntityKind>,
    by_name: HashMap<Box<[u8]>, usize>,
    relations: Vec<ReferenceRelation>,
}

#[derive(Deserialize)]
struct Source {
    kind: Vec<KindSource>,
    relation: Vec<RelationSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindSource {
    name: String,
    title: String,
    rest: Option<String>,
    xdr: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    properties: Vec<String>,
    strong: Vec<Vec<String>>,
    weak: Vec<Vec<String>>,
    rule: Option<String>,
    #[serde(default)]
    join_unique: Vec<String>,
    #[serde(default)]
    label: Vec<String>,
    references: Vec<ReferenceSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferenceSource {
    property: String,
    kinds: Vec<String>,
    relation: String,
    #[serde(default)]
    reverse: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationSource {
    name: String,
    title: String,
    description: String,
}

/// Names live as long as the program: the catalog is parsed once.
fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn keep_all(texts: Vec<String>) -> Vec<&'static str> {
    texts.into_iter().map(keep).collect()
}

fn folded(name: &str) -> Box<[u8]> {
    Folded::<48>::new(name).expect("names of the catalog have at most 48 letters").as_bytes().into()
}

fn entities() -> &'static Entities {
    static ENTITIES: OnceLock<Entities> = OnceLock::new();
    ENTITIES.get_or_init(|| {
        let source: Source = toml::from_str(include_str!("../../schema/entities.toml")).expect("schema/entities.toml is valid");
        let mut entities = Entities { kinds: Vec::new(), by_name: HashMap::new(), relations: Vec::new() };
        for kind in source.kind {
            let place = entities.kinds.len();
            let spellings = [Some(&kind.name), kind.rest.as_ref(), kind.xdr.as_ref()];
            for spelling in spellings.into_iter().flatten().chain(&kind.aliases) {
                entities.by_name.insert(folded(spelling), place);
            }
            entities.kinds.push(build(kind));
        }
        for RelationSource { name, title, description } in source.relation {
            entities.relations.push(ReferenceRelation { name: keep(name), title: keep(title), description: keep(description) });
        }
        entities
    })
}

fn build(source: KindSource) -> EntityKind {
    let name = keep(source.name);
    let mut spellings = HashMap::new();
    let mut properties = Vec::new();
    for property in source.properties {
        let mut words = property.split('|');
        let stored = keep(words.next().expect("split gives at least one part").to_owned());
        spellings.insert(folded(stored), stored);
        for alias in words {
            spellings.entry(folded(alias)).or_insert(stored);
        }
        properties.push(stored);
    }
    let mut references = Vec::new();
    for reference in source.references {
        let property = keep(reference.property);
        spellings.insert(folded(property), property);
        references.push(Reference {
            property,
            kinds: keep_all(reference.kinds),
            relation: Relation::known(keep(reference.relation)),
            reverse: reference.reverse,
            rule: keep(format!("{name}.{property}")),
        });
    }
    EntityKind {
        name,
        title: keep(source.title),
        rest: source.rest.map(keep),
        xdr: source.xdr.map(keep),
        properties,
        strong: source.strong.into_iter().map(keep_all).collect(),
        weak: source.weak.into_iter().map(keep_all).collect(),
        rule: source.rule.map(keep),
        join_unique: keep_all(source.join_unique),
        label: keep_all(source.label),
        references,
        spellings,
    }
}

/// All kinds that the catalog knows.
pub fn kinds() -> &'static [EntityKind] {
    &entities().kinds
}

/// All relations that references assert.
pub fn relations() -> &'static [ReferenceRelation] {
    &entities().relations
}

/// The kind of this name in any spelling of the field: `Machine`, `host`, `#microsoft.graph.security.deviceEvidence`.
pub fn kind(name: &str) -> Option<&'static EntityKind> {
    let entities = entities();
    let by_name = |name: &str| {
        let folded = Folded::<48>::new(name)?;
        entities.by_name.get(folded.as_bytes()).map(|place| &entities.kinds[*place])
    };
    by_name(name).or_else(|| by_name(plain(name)?))
}

/// The kind of this name in any spelling; one that the catalog does not know keeps its name in lower case.
pub fn kind_named(name: &str) -> Kind {
    match kind(name) {
        Some(kind) => kind.kind(),
        None => Kind::met(word(plain(name).unwrap_or(name))),
    }
}

/// A name in the form that kinds have: a colon would end it where an entity is named as `kind:value`.
fn word(name: &str) -> String {
    let name = name.to_lowercase();
    let marks = |c: char| !(c.is_alphanumeric() || c == '-' || c == '_');
    let word = name.split(marks).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if word.is_empty() { "thing".to_owned() } else { word }
}

/// The bare name in `#microsoft.graph.security.deviceEvidence`.
fn plain(name: &str) -> Option<&str> {
    let short = name.rsplit('.').next()?;
    let short = short.strip_prefix('#').unwrap_or(short);
    let bare = short.strip_suffix("Evidence").unwrap_or(short);
    (!bare.is_empty() && bare.len() < name.len()).then_some(bare)
}

/// Whether a weak identifier set of a kind lets a mention without a strong key join the only strong entity that shares it.
pub fn joins_unique(kind: &Kind, set: &str) -> bool {
    self::kind(kind.as_str()).is_some_and(|kind| kind.join_unique.contains(&set))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_spelling_of_a_kind() {
        let cases = [
            ("host", "host"),
            ("Machine", "host"),
            ("#microsoft.graph.security.deviceEvidence", "host"),
            ("User", "account"),
            ("Account", "account"),
            ("Ip", "ip"),
            ("DnsResolution", "dns"),
            ("FileHash", "filehash"),
            ("fileHashEvidence", "filehash"),
            ("RegistryKey", "registry-key"),
            ("K8s-cluster", "k8s-cluster"),
            ("kubernetesPodEvidence", "k8s-pod"),
            ("GoogleCloudResource", "gcp-resource"),
            ("AmazonResource", "amazon-resource"),
            ("aws-resource", "amazon-resource"),
            ("analyzedMessageEvidence", "mail-message"),
            ("SubmissionMail", "submissionmail"),
            ("IoTDevice", "iotdevice"),
            ("ioTDeviceEvidence", "iotdevice"),
            ("container-image", "container-image"),
            ("OAuthApplication", "oauth-application"),
            ("GenericEntity", "generic-entity"),
            ("Satellite", "satellite"),
            ("#microsoft.graph.security.satelliteEvidence", "satellite"),
        ];
        for (text, expected) in cases {
            assert_eq!(kind_named(text).as_str(), expected, "{text}");
        }
    }

    #[test]
    fn every_graph_evidence_type_is_known() {
        let types = "amazonResource analyzedMessage azureResource blobContainer blob cloudApplication cloudLogonRequest cloudLogonSession \
            containerImage container containerRegistry device file googleCloudResource ip kubernetesCluster kubernetesController \
            kubernetesNamespace kubernetesPod kubernetesSecret kubernetesServiceAccount kubernetesService mailCluster mailbox \
            oauthApplication process registryKey registryValue securityGroup url user activeDirectoryDomain aiAgent dns fileHash \
            gitHubOrganization gitHubRepo gitHubUser hostLogonSession ioTDevice mailboxConfiguration malware networkConnection nic \
            sasToken servicePrincipal submissionMail";
        let unknown: Vec<_> =
            types.split_whitespace().filter(|name| kind(&format!("#microsoft.graph.security.{name}Evidence")).is_none()).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }

    #[test]
    fn declarations_are_closed() {
        let names: BTreeSet<_> = relations().iter().map(|relation| relation.name).collect();
        assert_eq!(names.len(), relations().len(), "a relation is described once");
        let mut used = BTreeSet::from([REFERS_TO.as_str().to_owned()]);
        for kind in kinds() {
            for reference in &kind.references {
                used.insert(reference.relation.as_str().to_owned());
                for target in &reference.kinds {
                    assert!(kinds().iter().any(|k| k.name == *target), "{}.{} -> {target}", kind.name, reference.property);
                }
            }
            let known = |property: &&&str| kind.property(property) == Some(**property);
            let sets = kind.strong.iter().chain(&kind.weak).flatten().chain(&kind.label);
            for property in sets {
                assert!(known(&property), "{}: {property}", kind.name);
            }
        }
        assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), names.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn properties_in_any_spelling() {
        let account = kind("account").expect("a kind");
        for (text, expected) in [
            ("upnSuffix", Some("UPNSuffix")),
            ("aadUserId", Some("AadUserId")),
            ("accountName", Some("Name")),
            ("host", Some("Host")),
            ("Shoe", None),
        ] {
            assert_eq!(account.property(text), expected, "{text}");
        }
        let parent = kind("process").and_then(|kind| kind.reference("ParentProcess")).expect("a reference");
        assert_eq!((parent.relation.as_str(), parent.reverse, parent.rule), ("started", true, "process.ParentProcess"));
        assert!(joins_unique(&Kind::HOST, "hostname"));
        assert!(joins_unique(&Kind::ACCOUNT, "host+name"));
        assert!(!joins_unique(&Kind::ACCOUNT, "name"));
    }
}
