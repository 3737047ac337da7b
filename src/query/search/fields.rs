//! The names of fields in search texts.

use crate::fulltext::{Field, edits};

/// A field as a search text names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// A property of documents.
    Field(Field),
    /// What a document is: `incident`, `alert`, `entity`, or the kind of an entity.
    Kind,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Words.
    Text,
    /// One word of a fixed or technical vocabulary, matched whole.
    Exact,
    /// Whole numbers.
    Number,
    /// Instants.
    Time,
    /// `Severity`.
    Severity,
    /// Statuses of incidents and alerts.
    Status,
    /// `Classification`.
    Classification,
    /// `DocKind` or kinds of entities.
    Kind,
}

/// One row of the table of names.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    aliases: &'static [&'static str],
    pub(crate) field: Name,
    pub(crate) values: Values,
    /// What it holds.
    help: &'static str,
}

const fn row(name: &'static str, aliases: &'static [&'static str], field: Field, values: Values, help: &'static str) -> Row {
    Row { name, aliases, field: Name::Field(field), values, help }
}

/// All names; the first of a field is the one that is printed.
pub(crate) const ROWS: [Row; 22] = [
    row("id", &["incident_id", "alert_id"], Field::Id, Values::Exact, "id, or the id that the product gave"),
    row("number", &["incident", "incident_number"], Field::Number, Values::Number, "number of the incident"),
    row("title", &["display_name"], Field::Title, Values::Text, "title, or label of an entity"),
    row("description", &[], Field::Description, Values::Text, "long text"),
    row("tag", &["tags", "label", "labels"], Field::Tag, Values::Text, "labels of the incident"),
    row(
        "owner",
        &["assignee", "assigned", "assigned_to"],
        Field::Owner,
        Values::Text,
        "name or mail address of the owner; `unassigned` for none",
    ),
    row("product", &["products", "product_name"], Field::Product, Values::Text, "products that detected it"),
    row("provider", &["providers", "vendor"], Field::Provider, Values::Text, "provider or vendor"),
    row("severity", &["sev"], Field::Severity, Values::Severity, "Informational, Low, Medium, High or Critical"),
    row("status", &["state"], Field::Status, Values::Status, "New, Active, Closed; New, InProgress, Resolved, Dismissed of alerts"),
    row(
        "classification",
        &["verdict"],
        Field::Classification,
        Values::Classification,
        "TruePositive, BenignPositive, FalsePositive or Undetermined",
    ),
    row("tactic", &["tactics"], Field::Tactic, Values::Exact, "ATT&CK tactic"),
    row("technique", &["techniques"], Field::Technique, Values::Text, "ATT&CK technique; `T1078` finds `T1078.004` too"),
    row("entity", &["entities"], Field::Entity, Values::Text, "names and identifiers of entities"),
    row("comment", &["comments"], Field::Comment, Values::Text, "remarks"),
    row("type", &["alert_type", "rule"], Field::Type, Values::Text, "type or rule of the alert"),
    row("created", &["opened"], Field::Created, Values::Time, "when it was made"),
    row("modified", &["updated", "last_modified"], Field::Modified, Values::Time, "when the newest version was made"),
    row("first", &["first_activity", "start"], Field::First, Values::Time, "first activity"),
    row("last", &["last_activity", "end"], Field::Last, Values::Time, "last activity"),
    Row { name: "kind", aliases: &["is"], field: Name::Kind, values: Values::Kind, help: "incident, alert, entity, or a kind of entity" },
    row("entity_kind", &["entity_type"], Field::EntityKind, Values::Exact, "kind of an entity"),
];

impl Name {
    /// Reads a name in any case, with or without underscores.
    pub fn parse(text: &str) -> Option<Self> {
        let text = plain(text);
        ROWS.iter().find(|row| std::iter::once(&row.name).chain(row.aliases).any(|name| plain(name) == text)).map(|row| row.field)
    }

    /// The name as it is printed.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    pub(crate) fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.field == self).expect("every field has a row")
    }
}

/// Returns every field's name and what it holds, for help.
pub fn help() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROWS.iter().map(|row| (row.name, row.help))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// The known name that is nearest to one with a slip of the pen.
pub(crate) fn similar(text: &str) -> Option<&'static str> {
    let text = plain(text);
    let names = ROWS.iter().flat_map(|row| std::iter::once(&row.name).chain(row.aliases));
    nearest(names.copied(), &text)
}

/// The value of a closed list that is nearest, if near enough.
pub(crate) fn similar_value(values: &[&'static str], text: &str) -> Option<&'static str> {
    nearest(values.iter().copied(), &plain(text))
}

fn nearest(names: impl Iterator<Item = &'static str>, text: &str) -> Option<&'static str> {
    let slips = names.map(|name| (edits(&plain(name), text, 2), name)).filter(|(slips, name)| *slips <= name.len().min(6) / 3);
    slips.min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_in_any_spelling() {
        for (text, name) in
            [("Title", "title"), ("TAGS", "tag"), ("lastModified", "modified"), ("first_activity", "first"), ("AlertType", "type")]
        {
            assert_eq!(Name::parse(text).map(Name::as_str), Some(name), "{text}");
        }
        assert_eq!(Name::parse("colour"), None);
    }

    #[test]
    fn suggests_the_nearest_name() {
        for (text, name) in [
            ("severty", Some("severity")),
            ("tilte", Some("title")),
            ("owmer", Some("owner")),
            ("tittle", Some("title")),
            ("https", None),
            ("c", None),
        ] {
            assert_eq!(similar(text), name, "{text}");
        }
    }
}
