import "./custom_event.js";

import assert from "node:assert/strict";
import test from "node:test";

import { partOf, sentenceAbout, strongest } from "../static/js/explanation.js";

const emptyMap = () => Array.from({ length: 28 }, () => Array(28).fill(0));

test("the strongest place is the pixel with the largest loss of confidence", () => {
  const map = emptyMap();
  map[5][20] = 0.25;
  map[22][6] = 0.5;
  assert.deepEqual(strongest(map), { row: 22, column: 6, loss: 0.5 });
});

test("a pixel belongs to one of nine parts of the digit's box", () => {
  assert.equal(partOf(4, 4), 0);
  assert.equal(partOf(4, 14), 1);
  assert.equal(partOf(14, 14), 4);
  assert.equal(partOf(23, 23), 8);
});

test("a pixel beside the box belongs to the nearest part", () => {
  assert.equal(partOf(0, 0), 0);
  assert.equal(partOf(27, 27), 8);
});

test("the sentence names the strongest place and its loss in points", () => {
  const map = emptyMap();
  map[22][6] = 0.456;
  assert.equal(
    sentenceAbout(map),
    "It looked most at the bottom left: without that, it is 46 points less sure.",
  );
});

test("the sentence names no place if no confidence is lost", () => {
  assert.match(sentenceAbout(emptyMap()), /^No single place decides/);
});
