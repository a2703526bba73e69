// The cards on a reviewer's desk, in their order: which one is on top, and what became of those before it.

const KEPT = 20; // as many as can be undone

export class Deck {
  #cards = []; // {id, state, isSent, reason}; the state is null until something is decided
  #place = 0;

  constructor(ids) {
    this.add(ids);
  }

  /** The id of the card on top, or null. */
  get top() {
    return this.#cards[this.#place]?.id ?? null;
  }

  /** Why the card on top came back, if it did. */
  get reason() {
    return this.#cards[this.#place]?.reason ?? "";
  }

  get ids() {
    return this.#cards.map(({ id }) => id);
  }

  /** The ids that are the desk's: still to be decided, or on their way to the server. */
  get held() {
    return this.#cards.filter(({ state, isSent }) => state === null || !isSent).map(({ id }) => id);
  }

  /** How many are still to be decided. */
  get ahead() {
    return this.#cards.filter(({ state }) => state === null).length;
  }

  add(ids) {
    const known = new Set(this.ids);
    const unknown = ids.filter((id) => !known.has(id));
    this.#cards.push(...unknown.map((id) => ({ id, state: null, isSent: true, reason: "" })));
  }

  /** Notes a decision about the card on top, and goes on to the next that has none. */
  decide(state) {
    Object.assign(this.#cards[this.#place], { state, isSent: false, reason: "" });
    const next = this.#cards.findIndex((card, place) => place > this.#place && card.state === null);
    this.#place = next < 0 ? this.#cards.length : next;
    this.#forget();
  }

  /** Notes that the server has kept the decision. */
  settle(id) {
    const card = this.#find(id);
    if (card) card.isSent = true;
  }

  /** Brings back a card whose decision was not kept. */
  fail(id, reason) {
    if (!this.reopen(id, false)) return;
    this.#find(id).reason = reason;
  }

  /** Makes a card undecided, and puts it on top unless that would pass over an earlier one; false if it is unknown. */
  reopen(id, isOnTop = true) {
    const card = this.#find(id);
    if (!card) return false;
    Object.assign(card, { state: null, isSent: true, reason: "" });
    const place = this.#cards.indexOf(card);
    this.#place = isOnTop ? place : Math.min(place, this.#place);
    return true;
  }

  back() {
    this.#place = Math.max(this.#place - 1, 0);
  }

  /** Drops what follows the card on top: its lease has ended, and another reviewer may have it. */
  drop() {
    this.#cards = this.#cards.filter(({ state }, place) => place <= this.#place || state !== null);
  }

  /** Some cards around the top, for the strip: {id, state, isTop}. */
  around(before = 3, after = 12) {
    const first = Math.max(this.#place - before, 0);
    return this.#cards
      .slice(first, this.#place + after + 1)
      .map(({ id, state }, index) => ({ id, state, isTop: first + index === this.#place }));
  }

  #find(id) {
    return this.#cards.find((card) => card.id === id);
  }

  #forget() {
    const surplus = Math.max(this.#place - KEPT, 0);
    const open = this.#cards.findIndex(({ state, isSent }) => state === null || !isSent);
    const count = open < 0 ? surplus : Math.min(surplus, open);
    this.#cards.splice(0, count);
    this.#place -= count;
  }
}

/** Does one thing after the other: decisions arrive in the order in which they were made. */
export class Turns {
  #last = Promise.resolve();
  #left = 0;

  /** Whether all is done. */
  get isIdle() {
    return this.#left === 0;
  }

  /** Does something after all that was asked for before. */
  take(ask) {
    this.#left++;
    const turn = this.#last.then(ask).finally(() => this.#left--);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits until all is done, also what is asked for meanwhile. */
  async end() {
    while (!this.isIdle) await this.#last;
  }
}

/** The name of a key as the page's data-key attributes have it. */
export const nameKey = (key) =>
  key === " " ? "Space" : key.length === 1 ? key.toLowerCase() : key;

/** The sign of a decision under a card of the strip. */
export const signOf = (state) => ({ reject: "✗", skip: "–" })[state] ?? "✓";
