// What the page says about the visitor's own answers.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./custom_event.js";
import { sentenceAbout } from "../static/js/memory.js";

const reading = (prediction, isDigit = true) => ({ prediction, is_digit: isDigit });
const own = { ...reading(7), label: null };

test("without answers there is nothing to say", () => {
  assert.equal(sentenceAbout({ ...own, personal: null }), null);
});

test("an answer that was learned is told beside the one before", () => {
  const personal = { ...reading(1), remembered: 4 };
  assert.equal(
    sentenceAbout({ ...own, personal }),
    "It remembers 4 of your digits. Without them it would have read 7.",
  );
});

test("a reading that stays the same is not claimed to be learned", () => {
  const personal = { ...reading(7), remembered: 1 };
  assert.equal(sentenceAbout({ ...own, personal }), "It remembers 1 of your digits.");
});

test("after a correction the sentence is what the same drawing would get now", () => {
  const learned = { ...reading(1), remembered: 1 };
  assert.equal(sentenceAbout({ ...own, label: 1, learned }), "Learned: it would now read 1 here.");
});

test("a correction that did not help is told as such", () => {
  const learned = { ...reading(7), remembered: 1 };
  assert.match(sentenceAbout({ ...own, label: 1, learned }), /^It still reads 7 here/);
});

test("no digit is learned as well", () => {
  const learned = { ...reading(7, false), remembered: 1 };
  assert.match(sentenceAbout({ ...own, label: "none", learned }), /now read no digit/);
});
