//! `explore("query", "kind:value")`: exploration queries by their names, as tables.

use super::super::bound::{Constant, Expr, ExprKind, RelationKind};
use super::super::diagnostics::{Code, Diagnostic};
use super::super::tree::{self, Place, ScalarType, Target};
use super::Explored;
use super::binder::{Binder, column};
use super::sources::Flow;

impl<'t> Binder<'t> {
    /// The rows of an exploration query; what is named behind query and entity (`begin`, `end`, a parameter of its own) goes to the query.
    pub(super) fn explore(&mut self, call: &'t tree::Call, place: Place) -> Flow {
        let plain = call.arguments.iter().take_while(|argument| !matches!(argument.target, Some(Target::One(_)))).count();
        let Some(name) = self.constant_text(call.arguments.first().filter(|_| plain > 0), place) else {
            return Flow::Table(self.failed(Vec::new(), place));
        };
        let entity = match call.arguments.get(1).filter(|_| plain > 1) {
            Some(argument) => match self.constant_text(Some(argument), place) {
                Some(entity) => Some(entity),
                None => return Flow::Table(self.failed(Vec::new(), place)),
            },
            None => None,
        };
        if plain > 2 {
            let help = "write what follows the entity with its name: `begin=ago(1d)`";
            self.error_with(
                Code::ArgumentCount,
                call.arguments[2].place(),
                format!("'explore' takes a query and an entity, found {plain} arguments"),
                help,
            );
            return Flow::Table(self.failed(Vec::new(), place));
        }
        let schemas = self.schemas;
        match schemas.exploration(&name, entity.as_deref()) {
            Err(refusal) => {
                let diagnostic = Diagnostic::error(refusal.code, place.span(), refusal.message);
                self.report(match refusal.help {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                });
                Flow::Table(self.failed(Vec::new(), place))
            }
            Ok(Explored::Query(stored, values)) => match self.stored_query(stored, values, &call.arguments[plain..], place) {
                Some(bound) => self.flow_of(bound, place),
                None => Flow::Table(self.failed(Vec::new(), place)),
            },
            Ok(Explored::Rows(fields)) => {
                let text = |text: &str| Expr { kind: ExprKind::Literal(Constant::text(text)), ty: ScalarType::String, place };
                let arguments = vec![text(&name), text(entity.as_deref().unwrap_or_default())];
                let columns = fields.into_iter().map(|(name, kind)| column(name, kind)).collect();
                let kind = RelationKind::TableFunction { name: "explore".to_owned(), input: None, arguments };
                Flow::Table(self.relation(columns, kind, &[], place))
            }
        }
    }
}
