// The visitor's drawings as a list of cards, newest first: the strip on the drawing page, and all of them.
//
// Events: "open" with detail {drawing} when a card is chosen; "change" when the list is another one.

import { words } from "./words.js";

const state = ({ label, prediction }) => {
  if (label === null) return "open";
  return label === prediction ? "right" : "wrong";
};

export class History extends EventTarget {
  #list;
  #template;
  #limit;
  #drawings = new Map(); // by id

  /** `list` is an <ol>; `template` holds one card; `limit` is how many stay. */
  constructor(list, template, limit = Infinity) {
    super();
    this.#list = list;
    this.#template = template;
    this.#limit = limit;
    list.addEventListener("click", (event) => {
      const id = event.target.closest("button")?.value;
      if (id)
        this.dispatchEvent(
          new CustomEvent("open", { detail: { drawing: this.#drawings.get(id) } }),
        );
    });
  }

  get size() {
    return this.#drawings.size;
  }

  /** Older drawings, to the end. */
  append(drawings) {
    const unknown = drawings.filter(({ id }) => !this.#drawings.has(id));
    this.#list.append(
      ...unknown.slice(0, this.#limit - this.size).map((drawing) => this.#card(drawing)),
    );
    this.#changed();
  }

  /** A new drawing to the front, or a known one as it is now. */
  put(drawing) {
    const known = this.#find(drawing.id);
    const card = this.#card(drawing);
    if (known) known.replaceWith(card);
    else this.#list.prepend(card);
    while (this.size > this.#limit) this.remove(this.#list.lastElementChild.dataset.id);
    this.#changed();
  }

  /** A known drawing as it is now. */
  update(drawing) {
    if (this.#drawings.has(drawing.id)) this.put(drawing);
  }

  clear() {
    this.#drawings.clear();
    this.#list.replaceChildren();
    this.#changed();
  }

  /** Takes a card out; a keyboard goes on at its neighbor. */
  remove(id) {
    const card = this.#find(id);
    if (!card) return;
    const neighbor = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    this.#drawings.delete(id);
    if (document.activeElement === document.body) neighbor?.querySelector("button").focus();
    this.#changed();
  }

  focus(id) {
    this.#find(id)?.querySelector("button").focus();
  }

  #find(id) {
    return [...this.#list.children].find((card) => card.dataset.id === id);
  }

  #card(drawing) {
    const { id, prediction, label, canonical } = drawing;
    this.#drawings.set(id, drawing);
    const card = this.#template.content.firstElementChild.cloneNode(true);
    card.dataset.id = id;
    card.dataset.state = state(drawing);
    card.querySelector("button").value = id;
    const image = card.querySelector("img");
    image.alt = words.drawing[state(drawing)](prediction, label);
    image.src = canonical;
    card.querySelector("[data-part=digit]").textContent = prediction;
    card.querySelector("[data-part=label]").textContent = state(drawing) === "wrong" ? label : "";
    return card;
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}

/** Loads a list page by page: at the press of a button, or when it comes into view. */
export class Pages extends EventTarget {
  #load;
  #query;
  #isLoading = false;

  /** `load` takes a query and promises {results, next}; events: "page" {results}, "failure" {problem}. */
  constructor(load, query) {
    super();
    this.#load = load;
    this.#query = query;
  }

  get isAtEnd() {
    return this.#query === null;
  }

  async more() {
    if (this.#isLoading || this.isAtEnd) return;
    this.#isLoading = true;
    try {
      const { results, next } = await this.#load(this.#query);
      // Only the search part: behind a proxy the address that the server knows is not the one that the browser knows.
      this.#query = next ? new URL(next, "http://any").search : null;
      this.dispatchEvent(new CustomEvent("page", { detail: { results } }));
    } catch (problem) {
      this.dispatchEvent(new CustomEvent("failure", { detail: { problem } }));
    } finally {
      this.#isLoading = false;
    }
  }
}
