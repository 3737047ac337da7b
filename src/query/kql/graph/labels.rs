//! Which labels an element must have.

/// A condition on labels, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// None is asked for.
    #[default]
    Any,
    /// This one.
    Named(String),
    /// At least one, whichever.
    Some,
    /// Not what is inside.
    Not(Box<Labels>),
    /// All of these.
    All(Vec<Labels>),
    /// One of these.
    One(Vec<Labels>),
}

impl Labels {
    /// One of several names; any if there are none.
    pub fn one_of(names: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<Self> = names.into_iter().map(Self::Named).collect();
        match all.len() {
            0 => Self::Any,
            1 => all.remove(0),
            _ => Self::One(all),
        }
    }

    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, other) | (other, Self::Any) => other,
            (Self::All(mut all), other) => {
                all.push(other);
                Self::All(all)
            }
            (one, other) => Self::All(vec![one, other]),
        }
    }
}

/// A condition on labels with names turned into the numbers of one graph.
#[derive(Clone, Debug)]
pub(super) enum LabelTest {
    Any,
    Numbers(Vec<u32>),
    Some,
    Not(Box<LabelTest>),
    All(Vec<LabelTest>),
    One(Vec<LabelTest>),
}

impl LabelTest {
    pub(super) fn new(labels: &Labels, number: &impl Fn(&str) -> Vec<u32>) -> Self {
        let all = |list: &[Labels]| list.iter().map(|one| Self::new(one, number)).collect();
        match labels {
            Labels::Any => Self::Any,
            Labels::Named(name) => Self::Numbers(number(name)),
            Labels::Some => Self::Some,
            Labels::Not(inner) => Self::Not(Box::new(Self::new(inner, number))),
            Labels::All(list) => Self::All(all(list)),
            Labels::One(list) => Self::One(all(list)),
        }
    }

    pub(super) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    pub(super) fn holds(&self, has: &impl Fn(u32) -> bool, has_some: &impl Fn() -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Numbers(numbers) => numbers.iter().any(|number| has(*number)),
            Self::Some => has_some(),
            Self::Not(inner) => !inner.holds(has, has_some),
            Self::All(list) => list.iter().all(|one| one.holds(has, has_some)),
            Self::One(list) => list.iter().any(|one| one.holds(has, has_some)),
        }
    }
}
