// A list of cards, one for each drawing, newest first: the latest on the drawing page, all on the history page.
//
// Events: "open" with detail {drawing} when a card is chosen; "change" when the list has changed.

import { NONE, answerOf, verdictOn } from "./reading.js";
import { words } from "./words.js";

export class Cards extends EventTarget {
  #list;
  #template;
  #limit;
  #drawings = new Map(); // by id

  /** `list` is an <ol>; `template` holds one card; at most `limit` cards stay. */
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

  /** Adds older drawings at the end. */
  append(drawings) {
    const unknown = drawings.filter(({ id }) => !this.#drawings.has(id));
    this.#list.append(
      ...unknown.slice(0, this.#limit - this.size).map((drawing) => this.#card(drawing)),
    );
    this.#changed();
  }

  /** Adds a new drawing in front, or replaces the card of a known one. */
  put(drawing) {
    const known = this.#find(drawing.id);
    const card = this.#card(drawing);
    if (known) known.replaceWith(card);
    else this.#list.prepend(card);
    while (this.size > this.#limit) this.remove(this.#list.lastElementChild.dataset.id);
    this.#changed();
  }

  /** Replaces the card of a known drawing. */
  update(drawing) {
    if (this.#drawings.has(drawing.id)) this.put(drawing);
  }

  clear() {
    this.#drawings.clear();
    this.#list.replaceChildren();
    this.#changed();
  }

  /** Removes a card; a focus on it moves to its neighbor. */
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
    const { id, label, canonical } = drawing;
    const [answer, verdict] = [answerOf(drawing), verdictOn(drawing)];
    this.#drawings.set(id, drawing);
    const card = this.#template.content.firstElementChild.cloneNode(true);
    card.dataset.id = id;
    card.dataset.state = verdict;
    card.querySelector("button").value = id;
    const image = card.querySelector("img");
    image.alt = words.drawing[verdict](words.short(answer), words.short(label));
    image.src = canonical;
    card.querySelector("[data-part=digit]").textContent = answer === NONE ? "?" : answer;
    card.querySelector("[data-part=label]").textContent =
      verdict === "wrong" ? words.short(label) : "";
    return card;
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
