import assert from "node:assert/strict";
import { test } from "node:test";

import { sentenceAbout } from "../static/js/gain.js";

const say = (learned, own, misread = 0, mended = 0) =>
  sentenceAbout({ model: 2, learned, own, misread, mended });

test("it says how many answers a version learned from, and whose they were", () => {
  assert.equal(say(569, 54), "Model 2 learned from 569 answers, 54 of them yours.");
  assert.equal(say(569, 1), "Model 2 learned from 569 answers, 1 of them yours.");
  assert.equal(say(569, 0), "Model 2 learned from 569 answers.");
  assert.equal(say(569, null), "Model 2 learned from 569 answers."); // it was not noted
  assert.equal(say(12, 12), "Model 2 learned from 12 answers, all of them yours.");
  assert.equal(say(1, 1), "Model 2 learned from 1 answer, which is yours.");
  assert.equal(say(1, 0), "Model 2 learned from 1 answer.");
  assert.equal(say(0, 0), "Model 2 reads now."); // another bundled version
  assert.equal(say(0, null), "Model 2 reads now.");
});

test("it says how many of the visitor's misread drawings it reads now", () => {
  const told = (misread, mended) => say(0, 0, misread, mended).slice("Model 2 reads now. ".length);
  assert.equal(told(8, 3), "Of your last 8 misread drawings it now reads 3 right.");
  assert.equal(told(8, 0), "Of your last 8 misread drawings it now reads 0 right.");
  assert.equal(told(1, 1), "It now reads your misread drawing right.");
  assert.equal(told(1, 0), "It still does not read your misread drawing right.");
  assert.equal(told(0, 0), "");
});
