//! What formatted queries look like.

use super::super::{format, print};

/// Texts and their canonical form.
pub(super) const CASES: &[(&str, &str)] = &[
    ("T|where a==1 and b has'x'|take 5", "T\n| where a == 1 and b has 'x'\n| take 5\n"),
    ("T | filter a | order by b | limit 5 | mvexpand c", "T\n| where a\n| sort by b\n| take 5\n| mv-expand c\n"),
    ("let a=1;let b = T|where x;\n\nb", "let a = 1;\nlet b = T | where x;\n\nb\n"),
    (
        "// about\n\n// more\nlet a = 1; // one\n// two\nT // source\n| where a // last\n  and b\n// end",
        "// about\n\n// more\nlet a = 1; // one\n// two\nT // source\n| where a // last\n    and b\n// end\n",
    ),
    (
        "T | join kind=inner (U | where Something == \"a long text\" | project Column1, Column2, Column3, Column4) on Key1, Key2",
        "T\n| join kind=inner (\n    U\n    | where Something == \"a long text\"\n    | project Column1, Column2, Column3, Column4\n) on Key1, Key2\n",
    ),
    ("T | extend a = 1, // first\n b = 2", "T\n| extend\n    a = 1, // first\n    b = 2\n"),
    (
        "let f = (x:string, T:(*), n:long=5){let y = x; T | where a == y | take n}; f('a', T)",
        "let f = (x: string, T: (*), n: long = 5) { let y = x; T | where a == y | take n };\nf('a', T)\n",
    ),
    ("T datascope = all|take 5", "T datascope=all\n| take 5\n"),
    ("datatable(a:string,b:long)['x',1,'y',2]", "datatable(a: string, b: long)['x', 1, 'y', 2]\n"),
    (
        "print dynamic({\"a\":[1,2],\"b\":{\"c\":null}}), ['a b'] = -1, x=time(1d)",
        "print dynamic({\"a\": [1, 2], \"b\": {\"c\": null}}), ['a b'] = -1, x = time(1d)\n",
    ),
    (
        "SecurityEvent | summarize count(), dcount(Account), make_set(Computer, 100), arg_max(TimeGenerated, *) by bin(TimeGenerated, 1h), EventID, Activity",
        "SecurityEvent\n| summarize\n    count(),\n    dcount(Account),\n    make_set(Computer, 100),\n    arg_max(TimeGenerated, *)\n    by bin(TimeGenerated, 1h), EventID, Activity\n",
    ),
    ("T | project-away a, // first\n b", "T\n| project-away\n    a, // first\n    b\n"),
    ("T | parse a with 'x' b // first\n 'y' c", "T\n| parse a with\n    'x' b // first\n    'y' c\n"),
    ("datatable(a:string, // first\n b:long)['x',1]", "datatable(\n    a: string, // first\n    b: long\n)['x', 1]\n"),
    ("set notruncation;T", "set notruncation;\nT\n"),
    ("print ```a\n  b```", "print\n    ```a\n  b```\n"),
];

#[test]
fn texts_have_one_form() {
    for (text, expected) in CASES {
        assert_eq!(format(text).as_deref(), Ok(*expected), "{text}");
    }
}

#[test]
fn text_with_mistakes_is_left_alone() {
    let diagnostics = format("T | wher a").expect_err("`wher` is no operator");
    assert_eq!(diagnostics.len(), 1);
}

#[test]
fn names_that_need_brackets_have_them() {
    for (text, expected) in [
        ("T | project ['title'], ['a b'], count, ['plain']", "T\n| project ['title'], ['a b'], count, plain\n"),
        ("T | extend title = 1, ['it\\'s'] = 2", "T\n| extend title = 1, [\"it's\"] = 2\n"),
        ("T | where a.['b c'].kind", "T\n| where a.['b c'].['kind']\n"),
    ] {
        assert_eq!(print(&super::super::parse(text).query), expected, "{text}");
    }
}
