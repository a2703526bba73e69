import assert from "node:assert/strict";
import { test } from "node:test";

import { Deck, Turns, nameKey, signOf } from "../static/js/desk.js";

test("a decision brings the next card to the top at once", () => {
  const deck = new Deck(["a", "b", "c"]);
  deck.decide("7");
  assert.equal(deck.top, "b");
  assert.equal(deck.ahead, 2);
  assert.deepEqual(deck.held, ["a", "b", "c"]);
  deck.settle("a");
  assert.deepEqual(deck.held, ["b", "c"]);
});

test("a decision that was not kept brings its card back with the reason", () => {
  const deck = new Deck(["a", "b", "c"]);
  deck.decide("7");
  deck.decide("reject");
  deck.fail("a", "Decided already.");
  assert.equal(deck.top, "a");
  assert.equal(deck.reason, "Decided already.");
  deck.decide("skip");
  assert.equal(deck.top, "c");
  assert.equal(deck.reason, "");
});

test("of two that come back, the earlier one is on top and the later one follows", () => {
  const deck = new Deck(["a", "b", "c"]);
  deck.decide("1");
  deck.decide("2");
  deck.fail("a", "x");
  deck.fail("b", "y");
  assert.equal(deck.top, "a");
  deck.decide("1");
  assert.equal(deck.top, "b");
});

test("back shows the card before, and deciding there returns to the first without a decision", () => {
  const deck = new Deck(["a", "b", "c"]);
  deck.decide("1");
  deck.decide("2");
  deck.back();
  deck.back();
  deck.back();
  assert.equal(deck.top, "a");
  deck.decide("3");
  assert.equal(deck.top, "c");
});

test("an undone card is on top again; an unknown one is not here", () => {
  const deck = new Deck(["a", "b"]);
  deck.decide("1");
  deck.settle("a");
  assert.equal(deck.reopen("a"), true);
  assert.equal(deck.top, "a");
  assert.equal(deck.reopen("z"), false);
});

test("what is fetched twice lies there once", () => {
  const deck = new Deck(["a"]);
  deck.add(["a", "b"]);
  assert.deepEqual(deck.ids, ["a", "b"]);
});

test("at the end nothing is on top, until more comes", () => {
  const deck = new Deck(["a"]);
  deck.decide("1");
  assert.equal(deck.top, null);
  assert.equal(deck.ahead, 0);
  deck.add(["b"]);
  assert.equal(deck.top, "b");
});

test("cards whose lease has ended are dropped, but neither the top one nor the decided ones", () => {
  const deck = new Deck(["a", "b", "c"]);
  deck.decide("1");
  deck.drop();
  assert.deepEqual(deck.ids, ["a", "b"]);
});

test("twenty decided cards are kept for an undo, and all that the server does not know of yet", () => {
  const deck = new Deck(Array.from({ length: 40 }, (_, id) => String(id)));
  for (let number = 0; number < 30; number++) {
    const { top } = deck;
    deck.decide("1");
    if (number !== 5) deck.settle(top);
  }
  assert.equal(deck.ids[0], "5");
  deck.settle("5");
  deck.decide("1");
  assert.equal(deck.ids[0], "11");
  assert.equal(deck.top, "31");
});

test("the strip shows some cards around the top", () => {
  const deck = new Deck(["a", "b", "c", "d", "e"]);
  deck.decide("reject");
  deck.decide("4");
  assert.deepEqual(deck.around(1, 1), [
    { id: "b", state: "4", isTop: false },
    { id: "c", state: null, isTop: true },
    { id: "d", state: null, isTop: false },
  ]);
});

test("keys have the names that the page's controls list", () => {
  assert.deepEqual(["A", " ", "Enter", "?", "7"].map(nameKey), ["a", "Space", "Enter", "?", "7"]);
});

test("the strip tells approved, rejected and skipped ones apart", () => {
  assert.deepEqual(["7", "10", "reject", "skip"].map(signOf), ["✓", "✓", "✗", "–"]);
});

test("turns are taken one after the other, and their end waits for all, also for later ones", async () => {
  const turns = new Turns();
  const done = [];
  const steps = [];
  const take = (name) =>
    turns.take(() => new Promise((go) => steps.push(() => go(done.push(name)))));
  const pass = () => new Promise((go) => setTimeout(go));
  assert.equal(turns.isIdle, true);
  take("a");
  take("b");
  let isOver = false;
  const wait = async () => {
    await turns.end();
    isOver = true;
  };
  const end = wait();
  await pass();
  assert.equal(steps.length, 1); // b waits for a
  steps.shift()();
  take("c");
  for (const left of [2, 1]) {
    await pass();
    assert.equal(isOver, false, `${left} left`);
    assert.equal(turns.isIdle, false);
    steps.shift()();
  }
  await end;
  assert.deepEqual(done, ["a", "b", "c"]);
  assert.equal(turns.isIdle, true);
});

test("a turn that fails does not keep the next one from being taken", async () => {
  const turns = new Turns();
  await assert.rejects(turns.take(() => Promise.reject(new Error("no"))));
  assert.equal(await turns.take(() => 7), 7);
  assert.equal(turns.isIdle, true);
});
