import assert from "node:assert/strict";
import test from "node:test";

import { firstPicture } from "../static/js/intake.js";
import { fittingSize } from "../static/js/shrink.js";

test("the first picture among several files is taken, or else the first file", () => {
  const text = { name: "a.txt", type: "text/plain" };
  const picture = { name: "b.png", type: "image/png" };
  assert.equal(firstPicture([text, picture]), picture);
  assert.equal(firstPicture([text]), text);
  assert.equal(firstPicture([]), null);
});

test("a large picture is shrunk in proportion and a small one keeps its size", () => {
  assert.deepEqual(fittingSize({ width: 4000, height: 3000 }), { width: 640, height: 480 });
  assert.deepEqual(fittingSize({ width: 100, height: 28 }), { width: 100, height: 28 });
  assert.deepEqual(fittingSize({ width: 9000, height: 1 }), { width: 640, height: 1 });
});
