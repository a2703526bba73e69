// A list of cards, one for each drawing, newest first: the latest on the drawing page; on the history page all, by day.
//
// Events: "open" with detail {drawing} when a card is chosen; "change" when the list has changed.

import { answerOf, short, verdictOn } from "./reading.js";
import { words } from "./words.js";

export class Cards extends EventTarget {
  #list;
  #template;
  #limit;
  #drawings = new Map(); // by id

  /** `list` is an <ol>, or holds one for each day; `template` holds one card; at most `limit` cards stay. */
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
    for (const drawing of unknown.slice(0, this.#limit - this.size)) {
      this.#listFor(drawing).append(this.#card(drawing));
    }
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
    const day = neighbor ? null : card.closest("section");
    card.remove();
    day?.remove();
    this.#drawings.delete(id);
    if (document.activeElement === document.body) neighbor?.querySelector("button").focus();
    this.#changed();
  }

  focus(id) {
    this.#find(id)?.querySelector("button").focus();
  }

  #find(id) {
    return this.#list.querySelector(`[data-id="${id}"]`);
  }

  /** The list of a drawing's day, or the only one. */
  #listFor({ created_at: time }) {
    if (!("byDay" in this.#list.dataset)) return this.#list;
    const day = words.drawing.day(new Date(time));
    const last = this.#list.lastElementChild;
    if (last?.firstElementChild.textContent === day) return last.lastElementChild;
    const section = document.createElement("section");
    section.append(document.createElement("h2"), document.createElement("ol"));
    section.firstElementChild.textContent = day;
    section.lastElementChild.className = "cards";
    this.#list.append(section);
    return section.lastElementChild;
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
    image.alt = words.drawing[verdict](words.answer(answer), words.answer(label));
    image.src = canonical;
    card.querySelector("[data-part=digit]").textContent = short(answer);
    card.querySelector("[data-part=label]").textContent = verdict === "wrong" ? short(label) : "";
    return card;
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
