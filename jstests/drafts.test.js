import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Drafts } from "../static/js/drafts.js";
import { Problem } from "../static/js/problems.js";

const POINT = { x: 1, y: 1 };

/** A pen that is down over a stroke, and a server whose answers the test gives. */
function set() {
  const pen = { stroke: { points: [POINT] } };
  const asked = [];
  const shown = [];
  const ask = () =>
    new Promise((answer, fail) => {
      asked.push({ answer, fail });
    });
  const drafts = new Drafts(ask, (reading) => shown.push(reading));
  const begin = () => drafts.follow(() => pen.stroke && [pen.stroke]);
  return { pen, asked, shown, begin };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets time pass while the pen moves. */
async function pass(ms, pen) {
  for (let left = ms; left > 0; left -= 50) {
    pen.stroke?.points.push(POINT);
    mock.timers.tick(50);
    await settle();
  }
}

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
test.afterEach(() => mock.timers.reset());

test("it asks at most five times a second", async () => {
  const { pen, asked, shown, begin } = set();
  begin();
  for (let each = 0; each < 20; each += 1) {
    await pass(50, pen);
    asked.at(-1)?.answer("7");
    await settle();
  }
  assert.equal(asked.length, 5);
  assert.equal(shown.length, 5);
});

test("it asks one at a time", async () => {
  const { pen, asked, begin } = set();
  begin();
  await pass(350, pen);
  assert.equal(asked.length, 1);
  pen.stroke = null;
  await pass(100, pen);
  pen.stroke = { points: [POINT] };
  begin();
  await pass(600, pen);
  assert.equal(asked.length, 1); // the first has no answer yet
  asked[0].answer("7");
  await pass(200, pen);
  assert.equal(asked.length, 2);
});

test("it does not ask while the pen rests", async () => {
  const { pen, asked, begin } = set();
  begin();
  await pass(200, pen);
  asked[0].answer("7");
  for (let each = 0; each < 10; each += 1) {
    mock.timers.tick(200);
    await settle();
  }
  assert.equal(asked.length, 1);
});

test("what comes after the pen is up is dropped", async () => {
  const { pen, asked, shown, begin } = set();
  begin();
  await pass(200, pen);
  pen.stroke = null;
  asked[0].answer("7");
  await settle();
  assert.deepEqual(shown, []);
});

test("what comes when another stroke has begun is dropped", async () => {
  const { pen, asked, shown, begin } = set();
  begin();
  await pass(200, pen);
  pen.stroke = { points: [POINT] };
  begin();
  asked[0].answer("7");
  await settle();
  assert.deepEqual(shown, []);
});

test("after a failure it rests for a minute", async () => {
  const { pen, asked, begin } = set();
  begin();
  await pass(200, pen);
  asked[0].fail(new Error("slow"));
  await pass(30_000, pen);
  begin();
  await pass(1000, pen);
  assert.equal(asked.length, 1);
  await pass(30_000, pen);
  begin();
  await pass(200, pen);
  assert.equal(asked.length, 2);
});

test("after strokes that cannot be read it asks again with the next points", async () => {
  const { pen, asked, shown, begin } = set();
  begin();
  await pass(200, pen);
  asked[0].fail(new Problem({ status: 400, type: "/problems/several-digits/" }));
  await settle();
  await pass(200, pen);
  assert.equal(asked.length, 2);
  asked[1].answer("7");
  await settle();
  assert.deepEqual(shown, ["7"]);
});
