import "./custom_event.js";

import assert from "node:assert/strict";
import test from "node:test";

import { partOf, sentenceAbout, strongest } from "../static/js/explanation.js";
import { firstPicture } from "../static/js/intake.js";
import { fittingSize } from "../static/js/shrink.js";

const emptyMap = () => Array.from({ length: 28 }, () => Array(28).fill(0));

test("the strongest place is where most confidence is lost", () => {
  const map = emptyMap();
  map[5][20] = 0.25;
  map[22][6] = 0.5;
  assert.deepEqual(strongest(map), { row: 22, column: 6, loss: 0.5 });
});

test("a pixel is in one of nine parts of the digit's box", () => {
  assert.equal(partOf(4, 4), 0);
  assert.equal(partOf(4, 14), 1);
  assert.equal(partOf(14, 14), 4);
  assert.equal(partOf(23, 23), 8);
});

test("what lies beside the box belongs to its nearest part", () => {
  assert.equal(partOf(0, 0), 0);
  assert.equal(partOf(27, 27), 8);
});

test("the sentence names the place and the loss in points", () => {
  const map = emptyMap();
  map[22][6] = 0.456;
  assert.equal(
    sentenceAbout(map),
    "It looked most at the bottom left: without that, it is 46 points less sure.",
  );
});

test("where nothing is lost, no place decides", () => {
  assert.match(sentenceAbout(emptyMap()), /^No single place decides/);
});

test("the first picture among files is taken", () => {
  const text = { name: "a.txt", type: "text/plain" };
  const picture = { name: "b.png", type: "image/png" };
  assert.equal(firstPicture([text, picture]), picture);
  assert.equal(firstPicture([text]), text);
  assert.equal(firstPicture([]), null);
});

test("a picture is made smaller in proportion, never larger", () => {
  assert.deepEqual(fittingSize({ width: 4000, height: 3000 }), { width: 640, height: 480 });
  assert.deepEqual(fittingSize({ width: 100, height: 28 }), { width: 100, height: 28 });
  assert.deepEqual(fittingSize({ width: 9000, height: 1 }), { width: 640, height: 1 });
});
