//! How the columns of an aggregate are called where the query gives no name.

/// How an aggregate names its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `sum_x`: a word and the name of the first argument, `sum_` where that has none.
    Prefix(&'static str),
    /// `percentile_x_50`: the value and, from a place on, one column for each constant.
    Constants {
        /// The word in front.
        prefix: &'static str,
        /// Where the constants start.
        from: usize,
    },
    /// The arguments give the names; the first without one has the word (`max_`), a further one also the first name and its place (`max_x_arg1`).
    Arguments(&'static str),
    /// The arguments give the names, and the word and its place that of an argument without one: `any_arg0`.
    Places(&'static str),
    /// `any_x, any_y`: the word and the name of each argument.
    PrefixEach(&'static str),
    /// `max_x, max_x_y`: the word and the first name, before all further names.
    PrefixChain(&'static str),
    /// The name of the first argument.
    First,
}

/// What an argument is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArgumentName<'a> {
    /// The name of the column that it is, or of a path in one (`d_x` for `d.x`).
    pub name: Option<&'a str>,
    /// The text of the constant that it is.
    pub constant: Option<&'a str>,
}

impl Naming {
    pub(super) fn columns(self, arguments: &[ArgumentName<'_>]) -> Vec<Option<String>> {
        let name = |place: usize| arguments.get(place).and_then(|argument| argument.name).unwrap_or_default();
        let named = |nameless: &dyn Fn(usize) -> String| {
            let name = |(place, argument): (usize, &ArgumentName<'_>)| argument.name.map_or_else(|| nameless(place), str::to_owned);
            arguments.iter().enumerate().map(name).map(Some).collect()
        };
        match self {
            Self::Prefix(prefix) => vec![Some(format!("{prefix}_{}", name(0)))],
            Self::Constants { prefix, from } => {
                let tail = |argument: &ArgumentName<'_>| argument.constant.unwrap_or_default().replace('.', "_");
                arguments.iter().skip(from).map(|argument| Some(format!("{prefix}_{}_{}", name(0), tail(argument)))).collect()
            }
            Self::Arguments(word) => named(&|place| match place {
                0 => format!("{word}_"),
                place => format!("{word}_{}_arg{place}", name(0)),
            }),
            Self::Places(word) => named(&|place| format!("{word}_arg{place}")),
            Self::PrefixEach(prefix) => (0..arguments.len()).map(|place| Some(format!("{prefix}_{}", name(place)))).collect(),
            Self::PrefixChain(prefix) => (0..arguments.len())
                .map(|place| {
                    Some(if place == 0 { format!("{prefix}_{}", name(0)) } else { format!("{prefix}_{}_{}", name(0), name(place)) })
                })
                .collect(),
            Self::First => vec![arguments.first().and_then(|argument| argument.name).map(str::to_owned)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::ArgumentName;

    // Names as the official analyzer gives them.
    const CASES: &[(&str, &[&str], &[Option<&str>])] = &[
        ("count", &[], &[Some("count_")]),
        ("countif", &[""], &[Some("countif_")]),
        ("sum", &["v"], &[Some("sum_v")]),
        ("make_list", &["d_x"], &[Some("list_d_x")]),
        ("makeset", &["s"], &[Some("set_s")]),
        ("make_bag_if", &["d", "b"], &[Some("bag_d")]),
        ("buildschema", &["d"], &[Some("schema_d")]),
        ("tdigest_merge", &["d"], &[Some("merge_tdigests_d")]),
        ("percentile", &["x", "=50"], &[Some("percentile_x_50")]),
        ("percentiles", &["x", "=5", "=95.5"], &[Some("percentile_x_5"), Some("percentile_x_95_5")]),
        ("percentilesw", &["x", "w", "=50", "=60"], &[Some("percentile_x_50"), Some("percentile_x_60")]),
        ("percentiles_array", &["x", "=5", "=6"], &[Some("percentiles_x")]),
        ("arg_max", &["i", "s", "t"], &[Some("i"), Some("s"), Some("t")]),
        ("arg_max", &["", "s"], &[Some("max_"), Some("s")]),
        ("arg_max", &["i", "", "s", ""], &[Some("i"), Some("max_i_arg1"), Some("s"), Some("max_i_arg3")]),
        ("arg_min", &["", ""], &[Some("min_"), Some("min__arg1")]),
        ("arg_min", &[""], &[Some("min_")]),
        ("argmax", &["i", "s", "r"], &[Some("max_i"), Some("max_i_s"), Some("max_i_r")]),
        ("take_any", &["i"], &[Some("i")]),
        ("any", &["s", "t"], &[Some("any_s"), Some("any_t")]),
        ("take_anyif", &["s", "b"], &[Some("s")]),
        ("take_anyif", &["", "b"], &[None]),
        ("anyif", &["i", "b"], &[Some("anyif_i")]),
        ("binary_all_or", &["i"], &[Some("i")]),
        ("take_any", &["", "i", ""], &[Some("any_arg0"), Some("i"), Some("any_arg2")]),
    ];

    #[test]
    fn columns_are_called_as_the_analyzer_calls_them() {
        for (name, arguments, expected) in CASES {
            let arguments: Vec<_> = arguments
                .iter()
                .map(|text| match text.strip_prefix('=') {
                    Some(constant) => ArgumentName { name: None, constant: Some(constant) },
                    None => ArgumentName { name: (!text.is_empty()).then_some(*text), constant: None },
                })
                .collect();
            let named = find(name).expect("an aggregate of the table").column_names(&arguments);
            assert_eq!(named.iter().map(Option::as_deref).collect::<Vec<_>>(), *expected, "{name} {arguments:?}");
        }
    }
}
