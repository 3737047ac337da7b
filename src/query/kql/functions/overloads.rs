//! Which form of a function a call takes, and to what its arguments are converted.

use super::super::tree::ScalarType;
use super::super::types::common_type;
use super::{Function, Overload, Parameter, Returns, Takes};

/// What may become of a value on its way into a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Nothing.
    Exact,
    /// A conversion to a wider type, or from `dynamic`.
    Widened,
    /// Also one that rounds: of a decimal to a float.
    Rounded,
}

impl Fit {
    /// All, the best first.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Widened, Self::Rounded];
}

/// The form that a call takes.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The form.
    pub overload: &'static Overload,
    /// The type to which each argument is converted, `typeof` left out.
    pub arguments: Vec<ScalarType>,
    /// The type of the result.
    pub returns: ScalarType,
}

impl Function {
    /// The form whose types fit the arguments best, the first of several. A `typeof` argument is
    /// not among the types, but named for itself.
    pub fn choose(&self, arguments: &[ScalarType], named: Option<ScalarType>) -> Option<Chosen> {
        let fitting = |fit: Fit| self.overloads.iter().find(|overload| overload.fits(arguments, named.is_some(), fit));
        let overload = Fit::ALL.into_iter().find_map(fitting)?;
        let wanted = overload.converted(arguments)?;
        let returns = match overload.returns {
            Returns::Always(kind) => kind,
            Returns::Argument(index) => *wanted.get(index)?,
            Returns::Common(from) => *wanted.get(from)?,
            Returns::Named(kind) => named.unwrap_or(kind),
            Returns::By(rule) => rule(&wanted),
            Returns::Several(_) => ScalarType::Dynamic,
        };
        Some(Chosen { overload, arguments: wanted, returns })
    }
}

impl Overload {
    /// The parameter that takes the argument at this place, `typeof` left out.
    pub fn parameter(&'static self, index: usize) -> Option<&'static Parameter> {
        let mut parameters = self.parameters.iter().filter(|parameter| parameter.takes != Takes::TypeName);
        let count = parameters.clone().count();
        match index.checked_sub(count) {
            None => parameters.nth(index),
            Some(beyond) if self.repeat > 0 => parameters.nth(count - self.repeat + beyond % self.repeat),
            Some(_) => None,
        }
    }

    fn fits(&'static self, arguments: &[ScalarType], is_named: bool, fit: Fit) -> bool {
        let takes_name = self.parameters.iter().any(|parameter| parameter.takes == Takes::TypeName);
        let required = self.parameters.iter().take(self.required).filter(|parameter| parameter.takes != Takes::TypeName).count();
        arguments.len() >= required
            && (takes_name || !is_named)
            && arguments.iter().enumerate().all(|(index, kind)| self.parameter(index).is_some_and(|parameter| parameter.fits(*kind, fit)))
    }

    fn converted(&'static self, arguments: &[ScalarType]) -> Option<Vec<ScalarType>> {
        let common = match self.returns {
            Returns::Common(from) => {
                let kinds = arguments.get(from..)?;
                let common = kinds.iter().copied().try_fold(*kinds.first()?, common_type)?;
                Some((from, common))
            }
            _ => None,
        };
        let wanted = |(index, kind): (usize, &ScalarType)| match (self.parameter(index)?.takes, common) {
            (Takes::Only(wanted), _) => Some(wanted),
            (Takes::AsText, _) => Some(ScalarType::String),
            (_, Some((from, common))) if index >= from => Some(common),
            _ => Some(*kind),
        };
        arguments.iter().enumerate().map(wanted).collect()
    }
}

impl Parameter {
    /// Whether it takes a value of this type.
    pub fn fits(&self, kind: ScalarType, fit: Fit) -> bool {
        use ScalarType::{Bool, Decimal, Dynamic, Guid, Int, Long, Real, String};
        match self.takes {
            Takes::Only(wanted) if fit == Fit::Exact => kind == wanted,
            Takes::Only(wanted) => match (kind, wanted) {
                // A dynamic value is read as text without being asked to, and as nothing else; no value becomes dynamic so.
                (Dynamic, wanted) => matches!(wanted, Dynamic | String),
                (Decimal, Real) => fit == Fit::Rounded,
                (kind, wanted) => wanted != Dynamic && common_type(kind, wanted) == Some(wanted),
            },
            Takes::Any | Takes::AsText => true,
            Takes::Number => matches!(kind, Int | Long | Real | Decimal),
            Takes::Quantity => !matches!(kind, Bool | String | Guid | Dynamic),
            Takes::Ordered => !matches!(kind, Dynamic | Guid),
            Takes::Plain => kind != Dynamic,
            Takes::TypeName => false,
        }
    }
}
