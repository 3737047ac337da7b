import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement, type VNode } from "preact";
import { showTurningSigns, unturned } from "./turned";

test("signs that turn letters round are written out, letters of other scripts are not", () => {
    assert.equal(unturned("\u202egnp.exe"), "[U+202E]gnp.exe");
    assert.equal(unturned("a\u2066b\u2069c"), "a[U+2066]b[U+2069]c");
    for (const text of ["", "plain", "שלום עולם", "مرحبا", "𝕏 🔥", "a\u200eb"]) assert.equal(unturned(text), text);
});

test("they are in whatever elements are made of, and in tooltips, but not in values", () => {
    showTurningSigns();
    const props = (vnode: VNode<never>) => vnode.props as Record<string, unknown>;
    const made = createElement("a", { title: "\u202ex", href: "/\u202ex" }, "a", ["\u202eb", 1, null]) as unknown as VNode<never>;
    assert.deepEqual(props(made), { title: "[U+202E]x", href: "/\u202ex", children: ["a", ["[U+202E]b", 1, null]] });
    const Component = ({ children }: { children: string }) => createElement("b", null, children);
    assert.equal(props(createElement(Component, null, "\u202ec") as unknown as VNode<never>).children, "\u202ec");
});
