// The visitor's consent that drawings are published: a box that is off at first, and that is asked for each drawing.

import { tryStorage } from "./page.js";
import { words } from "./words.js";

export class Consent {
  #box;
  #said;
  #api;

  /** The value of `box` is the license; `said` tells what came of it. */
  constructor(box, said, api) {
    this.#box = box;
    this.#said = said;
    this.#api = api;
    box.addEventListener("change", () => this.#change());
    // Another tab of the site, or a page that was left and comes back.
    for (const name of ["storage", "pageshow"]) addEventListener(name, () => this.#follow());
    api.license = () => (this.#isGiven ? box.value : undefined);
    this.#follow();
    box.disabled = false;
  }

  /** What is stored, since all tabs must hear at once that it was taken back. */
  get #isGiven() {
    return tryStorage(() => localStorage.license) === this.#box.value;
  }

  #follow() {
    this.#box.checked = this.#isGiven;
  }

  async #change() {
    this.#said.textContent = "";
    if (this.#box.checked) {
      tryStorage(() => localStorage.setItem("license", this.#box.value));
      this.#said.textContent = this.#isGiven ? words.consent.given : words.consent.unstored;
    } else {
      await this.#withdraw();
    }
    this.#follow();
  }

  async #withdraw() {
    tryStorage(() => localStorage.removeItem("license"));
    try {
      const { withdrawn } = await this.#api.withdraw();
      this.#said.textContent = words.consent.withdrawn(withdrawn);
    } catch {
      tryStorage(() => localStorage.setItem("license", this.#box.value));
      this.#said.textContent = words.consent.failed;
    }
  }
}
