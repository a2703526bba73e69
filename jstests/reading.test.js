import assert from "node:assert/strict";
import test from "node:test";

import { shortPercent } from "../static/js/answer.js";
import { answerOf, describe, secondGuess, sharesOf, verdictOn } from "../static/js/reading.js";

function drawing(shares, strangeness = 0, label = null) {
  const probabilities = Array.from({ length: 10 }, (_, digit) => shares[digit] ?? 0);
  const prediction = probabilities.indexOf(Math.max(...probabilities));
  return { prediction, is_digit: strangeness < 0.5, probabilities, strangeness, label };
}

test("eleven shares make one: each digit's, and that it is none", () => {
  const shares = sharesOf(drawing({ 4: 0.75, 9: 0.25 }, 0.2));
  assert.equal(shares[4].toFixed(2), "0.60");
  assert.equal(shares[9].toFixed(2), "0.20");
  assert.equal(shares[10], 0.2);
});

test("an old drawing, whose strangeness is not known, keeps its answer", () => {
  assert.equal(sharesOf({ ...drawing({ 7: 1 }), strangeness: null })[10], 0);
  assert.equal(sharesOf({ ...drawing({ 7: 1 }, 0.9), strangeness: null })[10], 1);
});

test("a verdict compares with the answer, not with the likeliest digit", () => {
  assert.equal(verdictOn(drawing({ 9: 1 }, 0.8)), "open");
  assert.equal(verdictOn(drawing({ 9: 1 }, 0.8, 9)), "wrong");
  assert.equal(verdictOn(drawing({ 9: 1 }, 0.8, "none")), "right");
  assert.equal(verdictOn(drawing({ 9: 1 }, 0.1, "none")), "wrong");
  assert.equal(verdictOn(drawing({ 9: 1 }, 0.1, 9)), "right");
});

test("the second guess may be no digit, or the likeliest digit", () => {
  assert.equal(secondGuess(drawing({ 4: 0.7, 9: 0.3 })), 9);
  assert.equal(secondGuess(drawing({ 4: 0.9, 9: 0.1 }, 0.3)), "none");
  assert.equal(secondGuess(drawing({ 4: 0.9, 9: 0.1 }, 0.6)), 4);
});

for (const [name, shares, strangeness, sentences] of [
  ["sure", { 7: 0.98, 1: 0.02 }, 0, ["It reads 7", "Sure: 98%."]],
  ["never certain", { 7: 1 }, 0, ["It reads 7", "Sure: over 99%."]],
  ["fairly sure", { 4: 0.8, 9: 0.2 }, 0, ["It reads 4", "Fairly sure: 80%. Second guess: 9."]],
  ["perhaps none", { 4: 1 }, 0.3, ["It reads 4", "Fairly sure: 70%. Or it is no digit."]],
  ["torn", { 1: 0.5, 7: 0.4 }, 0, ["It cannot tell 1 from 7", "1 is likelier: 50%."]],
  ["torn from none", { 1: 0.9, 7: 0.1 }, 0.45, ["A 1, or no digit?", "1 is likelier: 50%."]],
  ["no digit", { 9: 1 }, 0.54, ["It reads no digit", "Is it a digit?"]],
]) {
  test(`the words for an answer: ${name}`, () => {
    const read = drawing(shares, strangeness);
    assert.deepEqual(describe(read), sentences);
    assert.equal(answerOf(read) === "none", name === "no digit");
  });
}

test("over the bars stand whole percents, from one percent on and below a hundred", () => {
  assert.deepEqual([0.984, 0.01, 0.0099, 0, 1].map(shortPercent), ["98", "1", "", "", "99"]);
});
