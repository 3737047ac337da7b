//! Who is told: the names somebody is known by, and what news tells them.

use super::news::{Happened, News, Notice};
use super::{Kind, NotificationSettings, Wanted};
use crate::access::{Identity, Kind as Known, Right};
use crate::model::{Owner, Severity};

/// Somebody who may be told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// What their choice and marks are kept under; stays the same when the name changes.
    pub id: String,
    /// All names that mean them, in lower case, groups among them.
    pub names: Vec<String>,
    /// Their roles, as rules name them (`role:responder`).
    roles: Vec<String>,
    administers: bool,
}

/// What somebody is told by one piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Why.
    pub kind: Kind,
    /// What happened, in one line.
    pub text: String,
}

impl Recipient {
    /// Somebody who was recognised, under the name by which their changes are known; `own` is what they chose.
    pub fn new(identity: &Identity, name: &str, own: &NotificationSettings) -> Self {
        let id = Self::id_of(identity, name);
        let object = identity.id.rsplit_once('#').map(|(_, object)| object).filter(|_| identity.kind == Known::Person);
        let known = [Some(name), object].into_iter().flatten();
        let all = known.chain(identity.groups.iter().map(String::as_str)).chain(own.names.iter().map(String::as_str));
        let mut names = Vec::new();
        for name in all.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let roles = identity.roles.iter().map(|role| format!("role:{role}")).collect();
        Self { id, names, roles, administers: identity.has(Right::Administer) }
    }

    /// What somebody's choice and marks are kept under: where nobody signs in, a person is the name that they give.
    pub fn id_of(identity: &Identity, name: &str) -> String {
        if identity.kind == Known::Local { format!("name:{name}") } else { identity.id.clone() }
    }

    /// Whether a name means them.
    pub fn is(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        self.names.contains(&name)
    }

    /// Whether they are told of what failed.
    pub fn administers(&self) -> bool {
        self.administers
    }

    fn owns(&self, owner: Option<&Owner>) -> bool {
        let names = owner.into_iter().flat_map(|owner| [&owner.name, &owner.email, &owner.upn, &owner.object_id]);
        names.flatten().any(|name| self.is(name))
    }

    /// Whether a text names them: `@` and a name of theirs, or of a mail address what stands before its `@`.
    fn named_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let mut at = text.match_indices('@').filter(|(place, _)| !text[..*place].ends_with(char::is_alphanumeric));
        at.any(|(place, _)| {
            let behind = &text[place + 1..];
            let short = |name: &str| name.split_once('@').map(|(short, _)| short.to_owned());
            self.names.iter().flat_map(|name| [Some(name.clone()), short(name)]).flatten().any(|name| begins(behind, &name))
        })
    }

    /// What news tells them, of what they want to be told.
    pub fn told(&self, news: &News, wanted: &Wanted) -> Option<Told> {
        if news.actor.as_deref().is_some_and(|actor| self.is(actor)) {
            return None;
        }
        wanted.kinds.iter().find_map(|kind| self.told_as(*kind, news, wanted.severity).map(|text| Told { kind: *kind, text }))
    }

    fn told_as(&self, kind: Kind, news: &News, lowest: Severity) -> Option<String> {
        match (&news.happened, kind) {
            (Happened::Changed(changed), Kind::Mentioned) => {
                changed.texts.iter().find(|text| self.named_in(text)).map(|text| super::news::excerpt(text))
            }
            (Happened::Changed(changed), Kind::Assigned) => {
                let group = || changed.owner.as_ref().filter(|owner| owner.group).and_then(|owner| owner.name.clone());
                (changed.given && self.owns(changed.owner.as_ref()) && !self.owns(changed.owner_before.as_ref()))
                    .then(|| group().map_or_else(|| "assigned to you".to_owned(), |group| format!("assigned to {group}")))
            }
            (Happened::Changed(changed), Kind::Changed) => {
                let theirs = self.owns(changed.owner.as_ref()) || self.owns(changed.owner_before.as_ref());
                (theirs && !changed.changes.is_empty()).then(|| changed.changes.join("; "))
            }
            (Happened::Changed(changed), Kind::Incident | Kind::Alert) if changed.kind == kind && changed.open => {
                let severity = changed.severity;
                let was = changed.severity_before;
                match was {
                    None if severity >= lowest => Some(format!("new, severity {}", severity.as_str())),
                    Some(was) if severity >= lowest && was < lowest => {
                        Some(format!("severity raised from {} to {}", was.as_str(), severity.as_str()))
                    }
                    _ => None,
                }
            }
            (Happened::Told(notices), Kind::Rule) => {
                let theirs = |notice: &&Notice| notice.to.iter().any(|to| self.is(to) || self.roles.contains(&to.trim().to_lowercase()));
                let texts: Vec<&str> = notices.iter().filter(theirs).map(|notice| notice.text.as_str()).collect();
                (!texts.is_empty()).then(|| texts.join("; "))
            }
            (Happened::Failed(text), Kind::Failed) => self.administers.then(|| text.clone()),
            (Happened::Proposed { owner, reason }, Kind::Changed) => {
                self.owns(owner.as_ref()).then(|| format!("a change was proposed: {}", super::news::excerpt(reason)))
            }
            _ => None,
        }
    }
}

/// Whether a text begins with a name and the name ends there.
fn begins(text: &str, name: &str) -> bool {
    let Some(rest) = text.strip_prefix(name).filter(|_| !name.is_empty()) else { return false };
    let mut rest = rest.chars();
    match rest.next() {
        None => true,
        // A full stop or a further `@` ends a name unless more of it follows.
        Some('.' | '@' | '-') => rest.next().is_none_or(|next| !next.is_alphanumeric()),
        Some(next) => !next.is_alphanumeric() && next != '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(names: &[&str]) -> Recipient {
        let own = NotificationSettings { names: names.iter().map(|name| (*name).to_owned()).collect(), ..NotificationSettings::default() };
        Recipient::new(&Identity::local(), "ana@contoso.com", &own)
    }

    #[test]
    fn a_text_names_people_by_their_whole_names() {
        let ana = someone(&["SOC Tier 2", "Zoë"]);
        for text in ["@ana look", "look, @ANA.", "(@ana@contoso.com)", "@soc tier 2: yours", "hello @zoë", "@ana's host", "a\n@ana"] {
            assert!(ana.named_in(text), "{text}");
        }
        for text in ["ana", "@anabel", "@ana_b", "@ana.bell", "mail bob@ana", "@ana@fabrikam.com", "@soc tier 22", "@", "@ana-lab"] {
            assert!(!ana.named_in(text), "{text}");
        }
    }
}
