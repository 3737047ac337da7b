import assert from "node:assert/strict";
import { test } from "node:test";
import { svgOf } from "../export";
import { edge, load, node, synthetic } from "../fixtures";
import { BEGIN, begin } from "../history";
import { force } from "../layout/force";
import { finish } from "../layout/layout";
import type { Batch } from "../model";
import { sceneOf } from "../scene";
import { draw } from "./draw";
import { SvgInk, xml } from "./ink";
import { shorten, Taken, wrap } from "./labels";
import { edgeAt, fitted, nodeAt, type Picture, pictureOf } from "./picture";
import { mix, themeOf } from "./theme";

const theme = themeOf((name) => (name === "--font" ? "sans-serif" : "#336699"));

function picture(batch: Batch): Picture {
    const { state } = begin(BEGIN, { type: "load", load: load("root"), batch });
    const scene = sceneOf(state, new Set(["incident:1"]));
    const nodes = scene.nodes.map((one) => ({ id: one.id, kind: one.kind, radius: 15, root: one.root, tactics: [] }));
    return pictureOf(scene, finish(force(nodes, scene.edges)).places, []);
}

function svg(of: Picture, width = 900, height = 700): { text: string; nodes: number; edges: number; labels: number } {
    const ink = new SvgInk();
    const drawn = draw(ink, { picture: of, camera: fitted(of.box, width, height), width, height, theme, moving: false });
    return { text: ink.document(width, height, "#000000", "title"), ...drawn };
}

const HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</text></svg><svg onload=alert(1)>",
    "&lt;already&gt; & 'quoted'",
    "null\u0000byte \u202Egnp.exe \uD800 lone",
    "]]><!--",
];

test("no text of an alert becomes markup of the picture", () => {
    const nodes = [
        node("incident:1", { label: HOSTILE[0] as string }),
        ...HOSTILE.map((label, index) => node(`ip:${index}`, { label, kind: "ip" })),
    ];
    const edges = HOSTILE.map((_, index) => edge("incident:1", index % 2 ? "<b>" : "contains", `ip:${index}`));
    const { text, labels } = svg(picture({ nodes, edges }));
    assert.ok(labels > 0);
    const tags = new Set([...text.matchAll(/<\/?([a-zA-Z!?[]+)/g)].map((match) => match[1]));
    assert.deepEqual([...tags].sort(), ["path", "rect", "svg", "text", "title"]);
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cs}\u202E]/u);
    assert.doesNotMatch(text, /<[^>]*\son\w+=/);
});

test("texts for XML lose what XML forbids and nothing else", () => {
    assert.equal(xml('a<b>&"c\u0000\u001F\tü😀'), "a&lt;b&gt;&amp;&quot;c\tü😀");
});

test("labels never lie over each other, and the root has its name", () => {
    const of = picture(synthetic(140, 150));
    const ink = new SvgInk();
    const rects: { left: number; right: number; top: number; bottom: number }[] = [];
    const texts: string[] = [];
    ink.fillText = (text, x, y) => {
        texts.push(text);
        const width = text.length * 11 * 0.56;
        const left = ink.textAlign === "center" ? x - width / 2 : ink.textAlign === "right" ? x - width : x;
        // Pills are part of their node.
        if (!/^\+?\d+$/.test(text)) rects.push({ left, right: left + width, top: y - 5, bottom: y + 5 });
    };
    draw(ink, { picture: of, camera: fitted(of.box, 1200, 900), width: 1200, height: 900, theme, moving: false });
    assert.ok(rects.length >= 10);
    assert.ok(texts.some((text) => text.startsWith("Synthetic")));
    for (const [index, a] of rects.entries()) {
        for (const b of rects.slice(index + 1)) assert.ok(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top);
    }
});

/** Texts of a picture that its border cuts. */
function outside(text: string): string[] {
    const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(text)?.map(Number) ?? [];
    const all = [...text.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)" text-anchor="(\w+)" [^>]*?font-size="(\d+)"[^>]*>([^<]*)</g)];
    assert.ok(all.length > 4);
    return all.flatMap(([, x, y, anchor, size, name = ""]) => {
        const wide = name.length * Number(size) * 0.56;
        const left = Number(x) - (anchor === "middle" ? wide / 2 : anchor === "end" ? wide : 0);
        return left >= 0 && left + wide <= width && Number(y) > 0 && Number(y) < height ? [] : [`${name} at ${left}, ${y}`];
    });
}

test("a name at the border of the picture lies inside of it, and the picture as a file has room for every name", () => {
    const long = "a-name-as-long-as-any-can-be";
    const kinds = ["host", "account", "process", "url"];
    const nodes = [node("incident:1"), ...kinds.map((kind) => node(`${kind}:1`, { kind, label: `${long}-${kind}` }))];
    const edges = nodes.slice(1).map(({ id }) => edge("incident:1", "involves", id));
    const { state } = begin(BEGIN, { type: "load", load: load("root"), batch: { nodes, edges } });
    const corners = [
        [0, 0],
        [-400, -300],
        [400, -300],
        [-400, 300],
        [400, 300],
    ] as const;
    const of = pictureOf(
        sceneOf(state, new Set(["incident:1"])),
        new Map(nodes.map(({ id }, index) => [id, { x: corners[index]?.[0] ?? 0, y: corners[index]?.[1] ?? 0 }])),
        [],
    );
    assert.deepEqual(outside(svg(of).text), []);
    for (const one of [of, picture(synthetic(40, 60)), picture(synthetic(140, 150))])
        assert.deepEqual(outside(svgOf(one, theme, "title")), []);
});

test("far away nodes are dots without names, out of sight they are not drawn", () => {
    const of = picture(synthetic(300, 700));
    const ink = new SvgInk();
    const far = draw(ink, { picture: of, camera: { k: 0.05, x: 450, y: 350 }, width: 900, height: 700, theme, moving: false });
    assert.ok(far.nodes > 50 && far.labels <= 1);
    const away = draw(new SvgInk(), { picture: of, camera: { k: 1, x: -90_000, y: 0 }, width: 900, height: 700, theme, moving: false });
    assert.deepEqual([away.nodes, away.edges, away.labels], [0, 0, 0]);
});

test("the pointer finds the node it is on, else the edge", () => {
    const of = picture({ nodes: [node("incident:1"), node("alert:1")], edges: [edge("incident:1", "contains", "alert:1")] });
    const camera = { k: 2, x: 500, y: 400 };
    const [a, b] = of.nodes as [(typeof of.nodes)[0], (typeof of.nodes)[0]];
    const at = (x: number, y: number) => [x * camera.k + camera.x, y * camera.k + camera.y] as const;
    assert.equal(nodeAt(of, camera, ...at(a.x + 5, a.y))?.node.id, "incident:1");
    const middle = at((a.x + b.x) / 2, (a.y + b.y) / 2);
    assert.equal(nodeAt(of, camera, ...middle), undefined);
    assert.equal(edgeAt(of, camera, ...middle)?.edge.relations[0], "contains");
    assert.equal(edgeAt(of, camera, middle[0] + 400, middle[1] + 400), undefined);
});

test("texts are wrapped between words and cut with an ellipsis", () => {
    assert.deepEqual(wrap("Suspicious double extension file executed", 2), ["Suspicious double", "extension file executed"]);
    assert.deepEqual(wrap("a\n\tb\u202Ec", 1), ["a b c"]);
    assert.equal(wrap("x".repeat(80), 2).join("").length, 48);
    assert.equal(shorten("C:\\Windows\\System32\\cmd.exe", 20), "…\\cmd.exe");
    assert.ok(shorten("y".repeat(90), 26).length <= 26);
});

test("rectangles that touch no other are free", () => {
    const taken = new Taken();
    taken.take({ left: 0, top: 0, right: 100, bottom: 20 });
    assert.equal(taken.free({ left: 50, top: 10, right: 60, bottom: 12 }), false);
    assert.equal(taken.free({ left: 100, top: 0, right: 140, bottom: 20 }), true);
    assert.equal(taken.free({ left: -200, top: -200, right: -120, bottom: -100 }), true);
});

test("a place tells how much of it others have taken", () => {
    const taken = new Taken();
    taken.take({ left: 0, top: 0, right: 300, bottom: 20 });
    taken.take({ left: 0, top: 10, right: 10, bottom: 20 });
    assert.equal(taken.covered({ left: 5, top: 0, right: 15, bottom: 30 }), 250);
    assert.equal(taken.covered({ left: 0, top: 40, right: 15, bottom: 60 }), 0);
});

test("the system's colours are never mixed: a mark has one of them whole, or is as faint as what is dimmed", () => {
    const names: Record<string, string> = { "--ground": "#000000", "--tints": "none" };
    const system = themeOf((name) => names[name] ?? "#ffffff");
    assert.deepEqual([system.tint("#ffff00", 0.1), system.tint("#ffff00", 0.3)], ["#000000", "#ffff00"]);
    assert.deepEqual([system.opacity(0.1), system.opacity(0.3), theme.opacity(0.3)], [0.1, 1, 0.3]);
});

test("tones mix in known notations only", () => {
    assert.equal(mix("#000000", "#ffffff", 0.5), "#808080");
    assert.equal(mix("#000000", "red", 0.5), "#000000");
});

test("what is pointed at says the same at the same place as the picture below, and nothing that the border cuts", () => {
    const of = picture(synthetic(140, 150));
    const [width, height] = [900, 700];
    const camera = fitted(of.box, width, height);
    const whole = draw(new SvgInk(), { picture: of, camera, width, height, theme, moving: false });
    const [first] = [...whole.places.keys()].filter((id) => (of.touching.get(id)?.length ?? 0) > 2);
    assert.ok(first);
    const edges = of.touching.get(first) ?? [];
    const only = {
        nodes: new Set(edges.flatMap(({ source, target }) => [source.node.id, target.node.id])),
        edges: new Set(edges.map(({ edge }) => edge.id)),
    };
    const over = draw(new SvgInk(), { picture: of, camera, width, height, theme, moving: false, only, kept: whole.places });
    for (const [id, place] of whole.places) if (only.nodes.has(id)) assert.equal(over.places.get(id), place, id);
    // Nodes at the border have no room for their names there.
    const ink = new SvgInk();
    const texts: [string, number][] = [];
    ink.fillText = (text, x) => texts.push([text, x]);
    const one = pictureOf(
        of.scene,
        new Map(of.nodes.map(({ node }, index) => [node.id, { x: 2 + (index % 2) * 896, y: 20 + index * 40 }])),
        [],
    );
    draw(ink, { picture: one, camera: { k: 1, x: 0, y: 0 }, width, height, theme, moving: false });
    for (const [text, x] of texts.filter(([name]) => !/^\+?\d+$/.test(name))) assert.ok(x > 8 && x < 892, `${text} at ${x}`);
});

test("headings of narrow columns stand whole beside each other, and none beyond the border", () => {
    const nodes = [node("incident:1"), node("ip:1", { kind: "ip" })];
    const { state } = begin(BEGIN, { type: "load", load: load("root"), batch: { nodes, edges: [] } });
    const names = ["2019-01-15 05:15", "2019-01-15 09:15", "2019-01-15 17:15"];
    const bands = names.map((label, index) => ({ label, axis: "x" as const, from: index * 380, to: index * 380 + 40 }));
    const of = pictureOf(sceneOf(state, new Set(["incident:1"])), new Map([["incident:1", { x: 20, y: 100 }]]), bands);
    const ink = new SvgInk();
    const heads: { text: string; left: number; right: number }[] = [];
    ink.fillText = (text, x) => {
        const half = ink.measureText(text).width / 2;
        if (names.includes(text) || text.includes("…")) heads.push({ text, left: x - half, right: x + half });
    };
    draw(ink, { picture: of, camera: { k: 1, x: 0, y: 0 }, width: 800, height: 300, theme, moving: false });
    assert.deepEqual(
        heads.map((head) => head.text),
        names,
    );
    for (const [index, head] of heads.entries())
        assert.ok(head.left >= 0 && head.right <= 800 && head.left >= (heads[index - 1]?.right ?? 0));
});
