import assert from "node:assert/strict";
import { test } from "node:test";

import { boxBetween, fit, nudge } from "../static/js/marking.js";

const size = { width: 640, height: 480 };

test("a picture lies in the middle of the square sheet", () => {
  assert.deepEqual(fit(size, 320), { scale: 0.5, x: 0, y: 40 });
  assert.deepEqual(fit({ width: 100, height: 400 }, 400), { scale: 1, x: 150, y: 0 });
});

test("a box may be drawn from any corner and ends at the edge of the picture", () => {
  assert.deepEqual(boxBetween([300.4, 200], [100, 50.6], size), [100, 51, 300, 200]);
  assert.deepEqual(boxBetween([-20, 400], [700, 500], size), [0, 400, 640, 480]);
});

test("a thin box is widened to what the server reads, inside of the picture", () => {
  assert.deepEqual(boxBetween([100, 50], [103, 200], size), [98, 50, 106, 200]);
  assert.deepEqual(boxBetween([-5, 50], [-9, 200], size), [0, 50, 8, 200]);
  assert.deepEqual(boxBetween([50, 479], [200, 490], size), [50, 472, 200, 480]);
  assert.deepEqual(boxBetween([1, 1], [2, 2], { width: 5, height: 30 }), [0, 0, 5, 8]);
});

test("arrow keys move a box as far as the picture reaches", () => {
  assert.deepEqual(nudge([100, 100, 200, 200], [1, 0], false, size), [126, 100, 226, 200]);
  assert.deepEqual(nudge([100, 10, 200, 200], [0, -1], false, size), [100, 0, 200, 190]);
  assert.deepEqual(nudge([530, 100, 630, 200], [1, 0], false, size), [540, 100, 640, 200]);
});

test("in a tiny picture they move a box by a pixel", () => {
  assert.deepEqual(nudge([0, 0, 8, 8], [1, 1], false, { width: 12, height: 12 }), [1, 1, 9, 9]);
});

test("with Shift they make it larger and smaller, but never too small to be read", () => {
  assert.deepEqual(nudge([100, 100, 200, 200], [1, 0], true, size), [100, 100, 226, 200]);
  assert.deepEqual(nudge([100, 100, 130, 200], [-1, 0], true, size), [100, 100, 108, 200]);
  assert.deepEqual(nudge([100, 100, 200, 470], [0, 1], true, size), [100, 100, 200, 480]);
});
