import "./custom_event.js";

import assert from "node:assert/strict";
import test from "node:test";

import { asDrawing, groupUnits, spokenFor, tellShares } from "../static/js/inside.js";
import { describe } from "../static/js/reading.js";

const votes = (changes) => Object.assign(Array(11).fill(0), changes);

test("units stand with the answer that they speak for, the clearest first", () => {
  const groups = groupUnits([
    votes({ 3: 0.2 }),
    votes({ 10: 0.5, 3: 0.4 }),
    votes({ 3: 0.9 }),
    votes({ 5: 0.01 }),
  ]);

  assert.deepEqual(groups[3], [2, 0]);
  assert.deepEqual(groups[10], [1]);
  assert.equal(groups.flat().length, 3); // the last one says next to nothing
});

test("a unit speaks for answers at least half as strong as its strongest, and against others", () => {
  const unit = votes({ 0: 0.8, 3: 0.4, 5: 0.3, 7: -0.6, 9: -0.2 });

  assert.deepEqual(spokenFor(unit), [0, 3]);
  assert.deepEqual(spokenFor(unit, -1), [7]);
});

test("eleven shares are told as the page tells an answer", () => {
  const shares = votes({ 3: 0.72, 5: 0.18, 10: 0.1 });

  assert.equal(describe(asDrawing(shares))[0], "It reads 3");
  assert.equal(describe(asDrawing(votes({ 10: 0.9, 1: 0.1 })))[0], "It reads no digit");
});

test("what shares say ends each sentence once, and asks nothing that it does not answer", () => {
  const isTorn = votes({ 3: 0.5, 10: 0.45, 1: 0.05 });

  assert.equal(tellShares(isTorn), "A 3, or no digit? 3 is likelier: 50%.");
  assert.equal(tellShares(votes({ 7: 1 })), "It reads 7. Sure: over 99%.");
  assert.equal(tellShares(votes({ 10: 0.9, 1: 0.1 })), "It reads no digit.");
});
