import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBytes, type Lang, toBytes, tokens } from "./language";

const shown = (lang: Lang, text: string) =>
    tokens(lang, text)
        .map((token) => `${token.kind}:${token.text}`)
        .join(" ");

test("KQL is told apart piece by piece", () => {
    const cases: [string, string][] = [
        [
            "SigninLogs | where UserName =~ 'a b' // x",
            "table:SigninLogs operator:| keyword:where table:UserName operator:=~ string:'a b' comment:// x",
        ],
        [
            "T | project-away _x, ago(1.5h)",
            "table:T operator:| keyword:project-away name:_x other:, function:ago other:( number:1.5h other:)",
        ],
        [
            "let x = datetime(2020-01-01);",
            "operator:let name:x operator:= type:datetime other:( number:2020 operator:- number:01 operator:- number:01 other:) other:;",
        ],
        [
            'T | where a has "q\\" r" and b in ($v)',
            'table:T operator:| keyword:where name:a operator:has string:"q\\" r" operator:and name:b operator:in other:( parameter:$v other:)',
        ],
        ["T | where p == @'c:\\'", "table:T operator:| keyword:where name:p operator:== string:@'c:\\'"],
        [
            "T\n| summarize count() by bin(t, 1d)",
            "table:T operator:| keyword:summarize keyword:count other:( other:) operator:by function:bin other:( name:t other:, number:1d other:)",
        ],
        ["print ```a\nb``` , 1", "keyword:print string:```a string:b``` other:, number:1"],
        ["count", "name:count"],
    ];
    for (const [text, expected] of cases) assert.equal(shown("kql", text), expected, text);
});

test("SQL is told apart piece by piece", () => {
    const cases: [string, string][] = [
        [
            "SELECT a, count(*) FROM T -- x",
            "keyword:SELECT name:a other:, function:count other:( operator:* other:) keyword:FROM name:T comment:-- x",
        ],
        [
            "select 'it''s' || \"Col\" /* c\nd */ from t",
            "keyword:select string:'it''s' operator:|| name:\"Col\" comment:/* c comment:d */ keyword:from name:t",
        ],
        [
            "WHERE x = 'two\nlines' AND y > 1e3",
            "keyword:WHERE name:x operator:= string:'two string:lines' keyword:AND name:y operator:> number:1e3",
        ],
        ["CAST(a AS BIGINT)", "keyword:CAST other:( name:a keyword:AS type:BIGINT other:)"],
    ];
    for (const [text, expected] of cases) assert.equal(shown("sql", text), expected, text);
});

test("openCypher is told apart piece by piece", () => {
    const cases: [string, string][] = [
        [
            "MATCH (a:account)-[r]->(i) WHERE r.count > $n RETURN a.label // x",
            "keyword:MATCH other:( name:a table::account other:) operator:-[ name:r operator:]-> other:( name:i other:) keyword:WHERE name:r other:. name:count operator:> parameter:$n keyword:RETURN name:a other:. name:label comment:// x",
        ],
        [
            "RETURN count(*), 'it\\'s', `odd name`",
            "keyword:RETURN function:count other:( operator:* other:) other:, string:'it\\'s' other:, name:`odd name`",
        ],
    ];
    for (const [text, expected] of cases) assert.equal(shown("cypher", text), expected, text);
});

test("no text makes the tokenizer stand still", () => {
    const alphabet = ["'", '"', "`", "@", "$", "\\", "/", "*", "|", "-", "(", "\n", "a", "1", "é", " ", "#"];
    let seed = 7;
    const next = () => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return alphabet[seed % alphabet.length] ?? "";
    };
    for (let round = 0; round < 300; round += 1) {
        const text = Array.from({ length: 40 }, next).join("");
        for (const lang of ["kql", "sql", "cypher"] as const) {
            const joined = tokens(lang, text)
                .map((token) => token.text)
                .join("");
            assert.equal(joined.replace(/\s/g, ""), text.replace(/\s/g, ""));
        }
    }
});

test("places in bytes become places in text", () => {
    assert.equal(toBytes("aéb", 2), 3);
    assert.deepEqual(fromBytes("aéb", { start: 1, end: 3 }), { from: 1, to: 2 });
    assert.deepEqual(fromBytes("a", { start: 0, end: 99 }), { from: 0, to: 1 });
});
