//! Expressions as compact s-expressions, for tests and logs.

use std::fmt;

use super::{Call, Expr, ExprKind, Name, Named, Operator, Target, Wildcard};

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Wildcard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            None => write!(f, "{:?}", self.value),
            Some(Target::One(name)) => write!(f, "(= {name:?} {:?})", self.value),
            Some(Target::Many(names)) => write!(f, "(= {names:?} {:?})", self.value),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:?}", self.name)?;
        for argument in &self.arguments {
            write!(f, " {argument:?}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Literal(literal) => write!(f, "{literal:?}"),
            ExprKind::String(string) => write!(f, "{string:?}"),
            ExprKind::Dynamic(json) => write!(f, "(dynamic {json:?})"),
            ExprKind::TypeOf(kind) => write!(f, "(typeof {kind:?})"),
            ExprKind::Name(name) => write!(f, "{name:?}"),
            ExprKind::Wildcard(wildcard) => write!(f, "{wildcard:?}"),
            ExprKind::Placeholder(name) => write!(f, "{{{name:?}}}"),
            ExprKind::Star => f.write_str("*"),
            ExprKind::Row => f.write_str("@"),
            ExprKind::Field(of, name) => write!(f, "(. {of:?} {name:?})"),
            ExprKind::FieldWildcard(of, wildcard) => write!(f, "(. {of:?} {wildcard:?})"),
            ExprKind::Index(of, at) => write!(f, "([] {of:?} {at:?})"),
            ExprKind::Method(of, call) => write!(f, "(. {of:?} {call:?})"),
            ExprKind::Call(call) => write!(f, "{call:?}"),
            ExprKind::Negative(of) => write!(f, "(- {of:?})"),
            ExprKind::Positive(of) => write!(f, "(+ {of:?})"),
            ExprKind::And(all) => list(f, "and", all),
            ExprKind::Or(all) => list(f, "or", all),
            ExprKind::Binary(binary) => write!(f, "({} {:?} {:?})", binary.operator.as_str(), binary.left, binary.right),
            ExprKind::Membership(it) => write!(f, "({} {:?} {:?})", it.operator.as_str(), it.left, it.list),
            ExprKind::Between(it) => {
                write!(f, "({}between {:?} {:?} {:?})", if it.negated { "!" } else { "" }, it.value, it.from, it.to)
            }
            ExprKind::Group(inner) => write!(f, "(group {inner:?})"),
            ExprKind::ToScalar(inner) => write!(f, "(toscalar {:?})", inner.body),
            ExprKind::ToTable(inner) => write!(f, "(totable {:?})", inner.body),
            ExprKind::Materialize(inner) => write!(f, "(materialize {inner:?})"),
            ExprKind::DataTable(table) => write!(f, "{table:?}"),
            ExprKind::ExternalData(data) => write!(f, "{data:?}"),
            ExprKind::EntityGroup(all) => list(f, "entity_group", all),
            ExprKind::DataScope(of, scope) => write!(f, "(datascope {of:?} {scope:?})"),
            ExprKind::Source(operator) => write!(f, "{operator:?}"),
            ExprKind::Pipe(pipe) => {
                write!(f, "(| {:?}", pipe.source)?;
                for operator in &pipe.operators {
                    write!(f, " {operator:?}")?;
                }
                f.write_str(")")
            }
            ExprKind::Error => f.write_str("<error>"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, head: &str, all: &[Expr]) -> fmt::Result {
    write!(f, "({head}")?;
    for expr in all {
        write!(f, " {expr:?}")?;
    }
    f.write_str(")")
}
