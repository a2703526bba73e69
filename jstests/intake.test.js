import assert from "node:assert/strict";
import test from "node:test";

import { firstPicture } from "../static/js/intake.js";
import { fittingSize, isLightOnClear } from "../static/js/shrink.js";

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

test("light ink on a transparent picture is told from dark ink and from opaque pictures", () => {
  const picture = (...pixels) => pixels.flat();
  const [clear, white, black] = [
    [0, 0, 0, 0],
    [255, 255, 255, 255],
    [0, 0, 0, 255],
  ];
  assert.equal(isLightOnClear(picture(clear, white, white)), true);
  assert.equal(isLightOnClear(picture(clear, black, black)), false);
  assert.equal(isLightOnClear(picture(white, white, black)), false);
  assert.equal(isLightOnClear(picture(clear, clear)), false);
});
