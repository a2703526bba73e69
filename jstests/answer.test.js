import assert from "node:assert/strict";
import test from "node:test";

import { sentenceAbout, shortPercent } from "../static/js/answer.js";
import { rankDigits } from "../static/js/feedback.js";

function drawing(shares, isDigit = true) {
  const probabilities = Array.from({ length: 10 }, (_, digit) => shares[digit] ?? 0);
  const confidence = Math.max(...probabilities);
  return {
    prediction: probabilities.indexOf(confidence),
    is_digit: isDigit,
    confidence,
    probabilities,
  };
}

test("digits are ranked by probability, likeliest first", () => {
  assert.deepEqual(
    rankDigits(drawing({ 4: 0.7, 9: 0.2, 1: 0.1 }).probabilities).slice(0, 3),
    [4, 9, 1],
  );
});

test("a confident answer names its digit and its confidence", () => {
  assert.equal(sentenceAbout(drawing({ 7: 0.98, 1: 0.02 })), "It reads 7, 98% sure.");
});

test("a close runner-up is named beside the answer", () => {
  assert.equal(sentenceAbout(drawing({ 4: 0.75, 9: 0.25 })), "It reads 4, but it could be 9.");
});

test("an answer below half of the probability names two digits and claims neither", () => {
  assert.equal(
    sentenceAbout(drawing({ 1: 0.4, 7: 0.35, 2: 0.25 })),
    "It cannot tell: perhaps 1, perhaps 7.",
  );
});

test("an answer that rejects the drawing still names the best guess", () => {
  assert.equal(
    sentenceAbout(drawing({ 0: 0.9, 8: 0.1 }, false)),
    "That does not look like a digit. Its best guess: 0.",
  );
});

test("the shares over the bars are whole percent", () => {
  assert.equal(shortPercent(0.984), "98");
  assert.equal(shortPercent(0), "0");
  assert.equal(shortPercent(1), "100");
});
