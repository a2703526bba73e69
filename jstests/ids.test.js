import assert from "node:assert/strict";
import test from "node:test";

import { randomId } from "../static/js/ids.js";

test("an id is a UUID of version 4", () => {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (let count = 0; count < 200; count += 1) assert.match(randomId(), shape);
});

test("no two ids are the same", () => {
  assert.equal(new Set(Array.from({ length: 1000 }, randomId)).size, 1000);
});
