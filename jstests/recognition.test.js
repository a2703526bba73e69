import "./custom_event.js";

import assert from "node:assert/strict";
import test from "node:test";

import { Problem } from "../static/js/problems.js";
import { Recognition, randomId } from "../static/js/recognition.js";

/** A server that stores rows as the real one does, and answers when a test asks for it. */
class Server {
  rows = [];
  requests = []; // not yet answered
  atOnce = 0; // the largest number of requests under way at the same time

  get strokes() {
    return this.rows.map((row) => row.strokes);
  }

  get verdicts() {
    return this.rows.map((row) => [row.strokes, row.label]);
  }

  create({ id, strokes }) {
    return this.#hold(() => {
      let row = this.rows.find((each) => each.id === id);
      if (row && row.label !== null) throw new Problem({ status: 409 });
      if (!row) this.rows.push((row = { id, label: null, prediction: 7 }));
      row.strokes = strokes;
      return { ...row };
    });
  }

  giveFeedback(id, feedback) {
    return this.#hold(() => {
      const row = this.rows.find((each) => each.id === id);
      if (!row) throw new Problem({ status: 404 });
      row.label = feedback.correct ? row.prediction : feedback.label;
      return { ...row };
    });
  }

  /** Answers the oldest request: does its work, or reports a problem; `isLost` does both. */
  async answer(problem = null, { isLost = false } = {}) {
    const { work, resolve, reject } = this.requests.shift();
    try {
      if (isLost) work();
      if (problem) throw problem;
      resolve(work());
    } catch (error) {
      reject(error);
    }
    await settle();
  }

  async answerAll() {
    while (this.requests.length > 0) await this.answer();
  }

  #hold(work) {
    return new Promise((resolve, reject) => {
      this.requests.push({ work, resolve, reject });
      this.atOnce = Math.max(this.atOnce, this.requests.length);
    });
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const strokes = (count) => ({ strokes: count });

function start() {
  const server = new Server();
  const recognition = new Recognition(server);
  const seen = { answer: [], verdict: [], failure: [], finished: [] };
  for (const name of Object.keys(seen)) {
    recognition.addEventListener(name, ({ detail }) => seen[name].push(detail));
  }
  return { server, recognition, seen };
}

test("a stroke gets an answer", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  assert.equal(seen.answer.length, 1);
  assert.equal(recognition.answered.id, server.rows[0].id);
});

test("ten strokes that are all answered leave one row", async () => {
  const { server, recognition, seen } = start();
  for (let count = 1; count <= 10; count += 1) {
    recognition.read(strokes(count));
    await server.answerAll();
  }
  assert.deepEqual(server.strokes, [10]);
  assert.equal(seen.answer.length, 10);
});

test("ten strokes that are faster than the server leave one row with all ten", async () => {
  const { server, recognition } = start();
  for (let count = 1; count <= 10; count += 1) recognition.read(strokes(count));
  await server.answerAll();
  assert.deepEqual(server.strokes, [10]);
});

test("only one request is under way at a time, and only the newest state follows it", async () => {
  const { server, recognition, seen } = start();
  for (let count = 1; count <= 10; count += 1) recognition.read(strokes(count));
  await server.answer();
  await server.answer();
  assert.equal(server.atOnce, 1);
  assert.deepEqual(server.requests, []);
  assert.equal(seen.answer.length, 1);
});

test("the answer to an older state is not shown", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  recognition.read(strokes(2));
  await server.answer();
  assert.deepEqual(seen.answer, []);
  assert.equal(recognition.answered, null);
  await server.answer();
  assert.deepEqual(
    seen.answer.map(({ drawing }) => drawing.strokes),
    [2],
  );
});

test("an answer that arrives during the next stroke is not shown", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  recognition.interrupt();
  await server.answerAll();
  assert.deepEqual(seen.answer, []);
});

test("a reading whose answer is lost leaves no second row", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answer(new Problem(), { isLost: true });
  assert.equal(seen.failure.length, 1);
  recognition.retry();
  await server.answerAll();
  recognition.read(strokes(2));
  await server.answer(new Problem({ isTimeout: true }), { isLost: true });
  recognition.read(strokes(3));
  await server.answerAll();
  assert.deepEqual(server.strokes, [3]);
});

test("a verdict whose answer is lost still protects the row", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  recognition.judge({ label: 3 });
  await server.answer(new Problem(), { isLost: true });
  recognition.read(strokes(2));
  await server.answerAll();
  assert.deepEqual(server.verdicts, [
    [1, 3],
    [2, null],
  ]);
  assert.equal(seen.answer.length, 2);
});

test("two tabs leave two rows", async () => {
  const { server, recognition } = start();
  const other = new Recognition(server);
  recognition.read(strokes(1));
  other.read(strokes(2));
  await server.answerAll();
  recognition.read(strokes(3));
  other.read(strokes(4));
  await server.answerAll();
  assert.deepEqual(server.strokes, [3, 4]);
});

test("a reloaded page continues with its row", async () => {
  const { server, recognition } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  const reloaded = new Recognition(server);
  reloaded.restore(JSON.parse(JSON.stringify(recognition.kept)));
  reloaded.read(strokes(1));
  await server.answerAll();
  assert.equal(server.rows.length, 1);
});

test("what was read already is shown again without a request", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  const first = recognition.digit;
  recognition.startOver();
  recognition.read(strokes(2));
  await server.answerAll();
  recognition.resume(first);
  recognition.read(strokes(1));
  assert.deepEqual(server.requests, []);
  assert.deepEqual(
    seen.answer.map(({ drawing }) => drawing.strokes),
    [1, 2, 1],
  );
});

test("a judged drawing is still judged after a reload", async () => {
  const { server, recognition } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  recognition.judge({ label: 3 });
  await server.answerAll();
  const reloaded = new Recognition(server);
  reloaded.restore(JSON.parse(JSON.stringify(recognition.kept)));
  reloaded.read(strokes(1));
  assert.equal(reloaded.answered.label, 3);
  reloaded.read(strokes(2));
  await server.answerAll();
  assert.deepEqual(server.verdicts, [
    [1, 3],
    [2, null],
  ]);
});

test("after everything is undone no answer is shown, and the next stroke replaces the row", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  recognition.interrupt();
  await server.answerAll();
  recognition.read(strokes(2));
  await server.answerAll();
  assert.equal(seen.answer.length, 1);
  assert.deepEqual(server.strokes, [2]);
});

test("after a new start the next digit gets its own row", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  recognition.startOver();
  recognition.read(strokes(2));
  await server.answerAll();
  assert.deepEqual(server.strokes, [1, 2]);
  assert.deepEqual(
    seen.finished.map(({ drawing }) => drawing.id),
    [server.rows[0].id],
  );
});

test("a new start before the answer stores the old digit completely and never shows its answer", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  recognition.read(strokes(2));
  recognition.startOver();
  recognition.read(strokes(3));
  await server.answerAll();
  assert.deepEqual(server.strokes, [2, 3]);
  assert.deepEqual(
    seen.answer.map(({ drawing }) => drawing.strokes),
    [3],
  );
});

test("later strokes do not replace a judged drawing", async () => {
  const { server, recognition } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  recognition.judge({ label: 3 });
  recognition.read(strokes(2)); // while the verdict is under way
  await server.answerAll();
  assert.deepEqual(server.verdicts, [
    [1, 3],
    [2, null],
  ]);
});

test("later strokes replace a drawing whose verdict is withdrawn", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  for (const label of [3, null]) {
    recognition.judge({ label });
    await server.answerAll();
  }
  recognition.read(strokes(2));
  await server.answerAll();
  assert.deepEqual(
    seen.verdict.map(({ drawing }) => drawing.label),
    [3, null],
  );
  assert.deepEqual(server.strokes, [2]);
});

test("a drawing without an answer cannot be judged", async () => {
  const { server, recognition } = start();
  recognition.judge({ correct: true });
  recognition.read(strokes(1));
  recognition.judge({ correct: true });
  await server.answerAll();
  assert.equal(server.rows[0].label, null);
});

test("a failed reading is reported and can be sent again", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answer(new Problem({ status: 500 }));
  assert.equal(seen.failure[0].problem.status, 500);
  recognition.retry();
  await server.answerAll();
  assert.equal(seen.answer.length, 1);
});

test("the failure of an older state is not reported", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  recognition.read(strokes(2));
  await server.answer(new Problem({ status: 500 }));
  await server.answerAll();
  assert.deepEqual(seen.failure, []);
  assert.equal(seen.answer.length, 1);
});

test("a failed verdict is reported and can be sent again", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  recognition.judge({ label: 3 });
  await server.answer(new Problem());
  assert.equal(seen.failure.length, 1);
  recognition.retry();
  await server.answerAll();
  assert.equal(seen.verdict[0].drawing.label, 3);
});

/** Draws the next digit after the verdict to the first one failed. */
async function startAfterFailedVerdict() {
  const { server, recognition } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  recognition.judge({ label: 3 });
  await server.answer(new Problem());
  recognition.startOver();
  recognition.read(strokes(2));
  return { server, recognition };
}

test("a verdict that failed is sent again before the next strokes", async () => {
  const { server } = await startAfterFailedVerdict();
  await server.answerAll();
  assert.deepEqual(server.verdicts, [
    [1, 3],
    [2, null],
  ]);
});

test("a failed request is not sent again after a new start", async () => {
  const { server, recognition } = start();
  recognition.read(strokes(1));
  await server.answer(new Problem());
  recognition.startOver();
  recognition.retry();
  assert.deepEqual(server.requests, []);
});

test("a verdict from elsewhere on the page is shown and protects the row", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  server.rows[0].label = 4;
  recognition.adopt({ ...server.rows[0] });
  recognition.read(strokes(2));
  await server.answerAll();
  assert.equal(seen.verdict.length, 1);
  assert.equal(server.rows.length, 2);
});

test("a drawing that is deleted elsewhere on the page is forgotten, and other drawings are not", async () => {
  const { server, recognition, seen } = start();
  recognition.read(strokes(1));
  await server.answerAll();
  assert.equal(recognition.forget("row 9"), false);
  assert.equal(recognition.forget(server.rows[0].id), true);
  recognition.startOver();
  assert.deepEqual(seen.finished, []);
});

test("an id is a UUID of version 4", () => {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (let count = 0; count < 200; count += 1) assert.match(randomId(), shape);
});

test("a thousand ids differ", () => {
  assert.equal(new Set(Array.from({ length: 1000 }, randomId)).size, 1000);
});

test("a verdict is not lost when what comes after it fails as well", async () => {
  const { server, recognition } = await startAfterFailedVerdict();
  await server.answer(new Problem()); // the verdict again
  await server.answer(new Problem()); // the next digit
  recognition.retry();
  await server.answerAll();
  assert.equal(server.rows[0].label, 3);
  assert.deepEqual(server.strokes, [1, 2]);
});
