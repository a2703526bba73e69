import "./custom_event.js";

import assert from "node:assert/strict";
import test from "node:test";

import { Notice } from "../static/js/notice.js";
import { Problem } from "../static/js/problems.js";

Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });

function start(context) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const part = (name) => ({ dataset: { part: name }, textContent: "" });
  const parts = [part("sentence"), part("countdown")];
  const button = new EventTarget();
  const root = { dataset: {}, querySelectorAll: () => parts, querySelector: () => button };
  const listeners = new EventTarget();
  globalThis.addEventListener = listeners.addEventListener.bind(listeners);
  const online = () => listeners.dispatchEvent(new Event("online"));
  return { notice: new Notice(root), countdown: parts[1], online, timers: context.mock.timers };
}

test("what may pass is tried again after 2, 4 and 8 seconds, and then no more", (context) => {
  const { notice, countdown, timers } = start(context);
  let tries = 0;
  const fail = () => notice.tell(new Problem({ status: 503 }), again);
  const again = () => {
    tries += 1;
    fail();
  };
  fail();
  assert.equal(countdown.textContent, "It goes on in 2 seconds.");
  const seen = [];
  for (let second = 1; second <= 30; second += 1) {
    timers.tick(1000);
    if (tries > seen.length) seen.push(second);
  }
  assert.deepEqual(seen, [2, 6, 14]);
});

test("it waits as long as the server asks, and counts", (context) => {
  const { notice, countdown, timers } = start(context);
  let tries = 0;
  notice.tell(new Problem({ status: 429, retryAfterSeconds: 46 }), () => (tries += 1));
  timers.tick(1000);
  assert.equal(countdown.textContent, "It goes on in 45 seconds.");
  for (let second = 2; second <= 46; second += 1) timers.tick(1000);
  assert.equal(tries, 1);
});

test("it goes on at once when the browser is online again", (context) => {
  const { notice, online } = start(context);
  let tries = 0;
  notice.tell(new Problem(), () => (tries += 1));
  online();
  online();
  assert.equal(tries, 1);
});

test("what the server refuses is not tried again", (context) => {
  const { notice, online, timers } = start(context);
  notice.tell(new Problem({ status: 400 }), () => assert.fail());
  online();
  timers.tick(60_000);
});

test("hiding the notice before a further try does not begin the waits again", async (context) => {
  const { notice, timers } = start(context);
  let tries = 0;
  const again = async () => {
    tries += 1;
    notice.hide();
    await Promise.resolve();
    notice.tell(new Problem({ status: 503 }), again);
  };
  again();
  for (let second = 1; second <= 60; second += 1) {
    await Promise.resolve();
    timers.tick(1000);
  }
  assert.equal(tries, 4); // one, and those after 2, 4 and 8 seconds
});
