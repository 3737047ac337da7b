import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf } from "./draw/picture";
import { edge, load, node } from "./fixtures";
import { BEGIN, begin } from "./history";
import { sceneOf } from "./scene";
import { step } from "./walk";

test("arrow keys follow edges first, then go to the nearest node that way", () => {
    const nodes = ["incident:1", "alert:r", "alert:l", "ip:near"].map((id) => node(id));
    const edges = [edge("incident:1", "contains", "alert:r"), edge("incident:1", "contains", "alert:l")];
    const { state } = begin(BEGIN, { type: "load", load: load("root"), batch: { nodes, edges } });
    const scene = sceneOf(state, new Set(["incident:1"]));
    const places = new Map([
        ["incident:1", { x: 0, y: 0 }],
        ["alert:r", { x: 200, y: 10 }],
        ["alert:l", { x: -200, y: 10 }],
        ["ip:near", { x: 60, y: 80 }],
    ]);
    const picture = pictureOf(scene, places, []);
    assert.equal(step(picture, undefined, "left"), "incident:1");
    assert.equal(step(picture, "incident:1", "right"), "alert:r");
    assert.equal(step(picture, "incident:1", "left"), "alert:l");
    assert.equal(step(picture, "incident:1", "down"), "ip:near");
    assert.equal(step(picture, "incident:1", "up"), undefined);
});
