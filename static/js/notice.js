// The one place where a page shows what went wrong, with a button that helps. What may pass is tried again by itself:
// when the browser is online again, or after 2, 4 and 8 seconds, or when the server asks for it.
//
// Events: "reload" when only a fresh page helps and the visitor asks for it.

import { isPassing, needsReload, sentenceFor } from "./problems.js";
import { words } from "./words.js";

const WAITS = [2, 4, 8]; // seconds

export class Notice extends EventTarget {
  #root;
  #parts = {};
  #button;
  #again = null;
  #isWaiting = false;
  #isTrying = false; // `again` was called just now, by itself
  #tries = 0;
  #timer = 0;

  constructor(root) {
    super();
    this.#root = root;
    for (const part of root.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#button = root.querySelector("button");
    this.#button.addEventListener("click", () => {
      this.hide();
      this.#again?.();
    });
    globalThis.addEventListener("online", () => this.#isWaiting && this.#tryAgain());
  }

  /** Shows the problem and a button that calls `again`, or one that reloads a page whose token is refused. */
  tell(problem, again, label = words.problems.retry) {
    const isStale = needsReload(problem);
    this.#again = isStale ? () => this.dispatchEvent(new CustomEvent("reload")) : again;
    this.#button.textContent = isStale ? words.problems.reload : label;
    this.#parts.sentence.textContent = sentenceFor(problem, navigator.onLine);
    this.#parts.countdown.textContent = "";
    this.#root.dataset.open = "";
    clearTimeout(this.#timer);
    this.#isWaiting = isPassing(problem);
    const wait = problem.retryAfterSeconds ?? WAITS[this.#tries];
    if (this.#isWaiting && navigator.onLine && wait !== undefined) this.#count(wait);
  }

  hide() {
    if (!this.#isTrying) this.#tries = 0;
    this.#isWaiting = false;
    clearTimeout(this.#timer);
    delete this.#root.dataset.open;
    for (const part of Object.values(this.#parts)) part.textContent = "";
  }

  #count(seconds) {
    if (seconds <= 0) {
      this.#tryAgain();
      return;
    }
    this.#parts.countdown.textContent = words.problems.again(seconds);
    this.#timer = setTimeout(() => this.#count(seconds - 1), 1000);
  }

  #tryAgain() {
    clearTimeout(this.#timer);
    this.#isWaiting = false;
    this.#tries += 1;
    this.#parts.countdown.textContent = words.problems.trying;
    this.#isTrying = true; // what it hides, before it waits, does not begin the waits again
    this.#again();
    this.#isTrying = false;
  }
}
