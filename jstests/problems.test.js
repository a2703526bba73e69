import assert from "node:assert/strict";
import test from "node:test";

import {
  Problem,
  needsReload,
  parseRetryAfter,
  problemFrom,
  sentenceFor,
} from "../static/js/problems.js";

const answer = (status, body, headers = {}) => new Response(body, { status, headers });

test("a problem+json answer keeps its status and type, and the type chooses the sentence of the page", async () => {
  const body = JSON.stringify({
    type: "/problems/blank-drawing/",
    detail: "The strokes hold no ink.",
  });
  const problem = await problemFrom(answer(400, body));
  assert.equal(problem.status, 400);
  assert.equal(problem.type, "/problems/blank-drawing/");
  assert.equal(problem.detail, "The strokes hold no ink.");
  assert.match(sentenceFor(problem), /^There is no ink/);
});

test("the error page of a proxy is not shown to the visitor", async () => {
  const problem = await problemFrom(answer(502, "<html><h1>Bad Gateway</h1></html>"));
  assert.match(sentenceFor(problem), /^The server had a problem/);
});

test("a detail that is not a text is not shown", async () => {
  const problem = await problemFrom(answer(400, JSON.stringify({ detail: { strokes: ["bad"] } })));
  assert.match(sentenceFor(problem), /^Something went wrong/);
});

test("an answer of null is a problem without details", async () => {
  assert.equal((await problemFrom(answer(400, "null"))).detail, "");
});

test("a missing answer means that the visitor is offline or the server cannot be reached", () => {
  assert.match(sentenceFor(new Problem(), false), /^You are offline/);
  assert.match(sentenceFor(new Problem(), true), /cannot be reached/);
});

test("a server that takes too long has its own sentence", () => {
  assert.match(sentenceFor(new Problem({ isTimeout: true })), /too long/);
});

for (const [status, sentence] of [
  [403, /Reload/],
  [404, /no longer stored/],
  [413, /too large/],
  [429, /a lot at once/],
  [500, /server had a problem/],
  [503, /server had a problem/],
]) {
  test(`status ${status} has a sentence of the page, not of the API`, () => {
    assert.match(sentenceFor(new Problem({ status, detail: "For programs." })), sentence);
  });
}

test("Retry-After is read as a number of seconds or as a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(parseRetryAfter("30", now), 30);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:10 GMT", now), 10);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 23:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("soon", now), null);
  assert.equal(parseRetryAfter(null, now), null);
});

test("only a refused token needs a fresh page", () => {
  assert.equal(needsReload(new Problem({ status: 403 })), true);
  assert.equal(needsReload(new Problem({ status: 500 })), false);
  assert.equal(needsReload(new TypeError("x is undefined")), false);
});

test("an error of the script itself has a sentence too", () => {
  assert.match(sentenceFor(new TypeError("x is undefined")), /^Something went wrong/);
});
