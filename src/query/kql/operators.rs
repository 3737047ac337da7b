//! What each tabular operator gives and in what it differs from Kusto's, for the reference. The words are those that the parser knows.

/// A tabular operator as the reference shows it.
pub(super) struct TabularOperator {
    /// The word.
    pub(super) name: &'static str,
    /// What it gives; empty if it is refused.
    pub(super) gives: &'static str,
    /// In what it differs.
    pub(super) differs: &'static str,
}

const fn gives(name: &'static str, gives: &'static str) -> TabularOperator {
    TabularOperator { name, gives, differs: "" }
}

const fn differs(name: &'static str, gives: &'static str, differs: &'static str) -> TabularOperator {
    TabularOperator { name, gives, differs }
}

/// Sources of rows that are no operators behind a bar.
pub(super) const SOURCES: &[TabularOperator] = &[
    gives("datatable", "the rows that stand in the text"),
    differs(
        "externaldata",
        "the rows of files: csv, tsv, psv, scsv, sohsv, json, multijson, txt, raw, parquet, each also as `.gz`",
        "Nothing is fetched: `https://host/path` is the file `external/host/path` of the data directory, other sources are paths inside of `external`.",
    ),
    gives("print", "one row of values"),
    gives("range", "a row for each step"),
];

/// The tabular operators.
pub(super) const OPERATORS: &[TabularOperator] = &[
    gives("as", "the rows, under a name for the rest of the query"),
    gives("assert-schema", "the rows, if they have these columns"),
    gives("consume", "no row; the input is read"),
    gives("count", "the number of rows"),
    gives("distinct", "each combination of values once"),
    gives("evaluate", "what a plugin makes of the rows"),
    gives("extend", "further columns"),
    differs(
        "facet",
        "a result for each column, and one for the rows",
        "Doors that give one result give the first; those of Kusto's clients give all.",
    ),
    gives("filter", "the same as `where`"),
    differs("find", "rows of many tables, what they do not share in one bag", "`datascope` counts for nothing: all rows are read."),
    differs("fork", "a result for each branch", "Doors that give one result give the first; those of Kusto's clients give all."),
    gives("getschema", "the columns with their types"),
    gives("graph-mark-components", "the graph, each node with the number of its component"),
    gives("graph-match", "a row for each match of a pattern"),
    gives("graph-shortest-paths", "a row for each shortest path, or any of them"),
    gives("graph-to-table", "nodes or edges as rows"),
    gives("graph-where-edges", "the graph with some of its edges"),
    gives("graph-where-nodes", "the graph with some of its nodes, and the edges between them"),
    gives("invoke", "what a function makes of the rows"),
    differs("join", "pairs of rows", "Hints count for nothing."),
    gives("limit", "the same as `take`"),
    gives("lookup", "the rows with columns of a table of facts"),
    differs(
        "macro-expand",
        "what statements give for each workspace or table of a group",
        "Groups are written in the query: none are stored.",
    ),
    gives("make-graph", "a graph of edges, and of nodes if they are given"),
    gives("make-series", "series over an axis"),
    gives("mv-apply", "what a query makes of each array"),
    gives("mv-expand", "a row for each element of arrays or bags"),
    gives("order", "the same as `sort`"),
    gives("parse", "parts of a text as columns"),
    gives("parse-kv", "keys and values of a text as columns"),
    gives("parse-where", "parts of a text as columns, of the texts that fit"),
    differs(
        "partition",
        "what a query makes of the rows of each value",
        "Hints count for nothing; the rows of more than 64 values are no mistake unless the query stands in braces. A scope behind `in` is refused.",
    ),
    gives("project", "some columns, computed or not"),
    gives("project-away", "all columns but some"),
    gives("project-by-names", "the columns that a list names"),
    gives("project-keep", "some columns in the order that is there"),
    gives("project-rename", "columns under other names"),
    gives("project-reorder", "columns in another order"),
    differs("reduce", "patterns of texts with their numbers", "The patterns are found by clew's own rule."),
    differs("render", "the rows, with how to draw them", "Columns behind `by` count for nothing: name them in `series`."),
    differs("sample", "some rows", "The first that are found."),
    differs("sample-distinct", "some values", "The first that are found."),
    gives("scan", "rows that follow each other in steps"),
    differs(
        "search",
        "rows of any table with a term",
        "A table without rows gives its columns. `datascope` counts for nothing: all rows are read.",
    ),
    gives("serialize", "the rows in an order that counts"),
    differs("sort", "the rows in an order", "`granny` order is refused. Equal rows keep their order."),
    gives("summarize", "groups with aggregates"),
    gives("take", "some rows"),
    gives("top", "the first rows of an order"),
    differs("top-hitters", "the most frequent values", "The numbers are exact."),
    gives("top-nested", "the first values of several levels"),
    gives("union", "the rows of several tables"),
    gives("where", "the rows that fulfil a condition"),
];

#[cfg(test)]
mod tests {
    use super::super::parser;
    use super::*;

    #[test]
    fn every_operator_of_the_parser_is_described() {
        let described: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
        assert_eq!(described, parser::OPERATORS);
        assert!(OPERATORS.iter().all(|operator| !operator.gives.is_empty() || operator.differs.starts_with("Refused")));
    }
}
