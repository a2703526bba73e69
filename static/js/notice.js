// The one place where a page shows what went wrong, with a button that helps.
//
// Events: "reload" when only a fresh page helps and the visitor asks for it.

import { needsReload, sentenceFor } from "./problems.js";
import { words } from "./words.js";

export class Notice extends EventTarget {
  #root;
  #sentence;
  #button;
  #again = null;

  constructor(root) {
    super();
    this.#root = root;
    this.#sentence = root.querySelector("[data-part=sentence]");
    this.#button = root.querySelector("button");
    this.#button.addEventListener("click", () => {
      this.hide();
      this.#again?.();
    });
  }

  /** Shows the problem and a button that calls `again`, or one that reloads a page whose token is refused. */
  tell(problem, again, label = words.problems.retry) {
    const isStale = needsReload(problem);
    this.#again = isStale ? () => this.dispatchEvent(new CustomEvent("reload")) : again;
    this.#button.textContent = isStale ? words.problems.reload : label;
    this.#sentence.textContent = sentenceFor(problem, navigator.onLine);
    this.#root.dataset.open = "";
  }

  hide() {
    delete this.#root.dataset.open;
    this.#sentence.textContent = "";
  }
}
