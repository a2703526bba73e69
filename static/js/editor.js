// The dialog over one stored drawing: shows what was read, sends what the visitor says about it, deletes it.
//
// Events: "request" before anything is sent; "judged" and "deleted" with detail {drawing}; "failure" with detail
// {problem, again}, where again() repeats the request; "close" with detail {drawing}.

import { Feedback } from "./feedback.js";
import { describe, verdictOn } from "./reading.js";
import { words } from "./words.js";

export class Editor extends EventTarget {
  #dialog;
  #api;
  #feedback;
  #parts = {};
  #drawing = null;
  #isSure = false; // "Delete" was pressed once

  constructor(dialog, api) {
    super();
    this.#dialog = dialog;
    this.#api = api;
    for (const part of dialog.querySelectorAll("[data-part]"))
      this.#parts[part.dataset.part] = part;
    this.#feedback = new Feedback(dialog.querySelector(".feedback"));
    this.#feedback.addEventListener("judge", ({ detail }) => this.#judge(this.#drawing, detail));
    this.#parts.delete.addEventListener("click", () => this.#askOrDelete());
    // A click beside the dialog closes it as Esc does.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.#emit("close", { drawing: this.#drawing }));
  }

  open(drawing) {
    const { picture, image, strokes } = this.#parts;
    this.#isSure = false;
    this.#parts.delete.textContent = words.drawing.deleteAsk;
    picture.src = this.#api.imageUrl(drawing.id);
    image.href = this.#api.imageUrl(drawing.id);
    image.download = `drawing-${drawing.id}.png`;
    strokes.href = this.#api.strokesUrl(drawing.id);
    this.#show(drawing);
    this.#dialog.showModal();
  }

  #show(drawing) {
    this.#drawing = drawing;
    const when = new Intl.DateTimeFormat(document.documentElement.lang, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    const [sentence, detail] = describe(drawing);
    this.#parts.sentence.textContent = sentence;
    this.#parts.details.textContent = `${detail} ${when.format(new Date(drawing.created_at))}`;
    const verdict = verdictOn(drawing);
    this.#parts.said.textContent =
      verdict === "open" ? "" : words.feedback.thanks(verdict, drawing.label);
    this.#feedback.show(drawing);
  }

  #judge(drawing, feedback) {
    return this.#request(async () => {
      const { personal } = drawing; // the answer stays the one that was judged
      const judged = { ...(await this.#api.giveFeedback(drawing.id, feedback)), personal };
      if (this.#dialog.open && this.#drawing.id === judged.id) this.#show(judged);
      this.#emit("judged", { drawing: judged });
    });
  }

  #askOrDelete() {
    if (this.#isSure) this.#remove(this.#drawing);
    this.#isSure = !this.#isSure; // a further press does not delete again
    this.#parts.delete.textContent = words.drawing.deleteSure;
  }

  #remove(drawing) {
    return this.#request(async () => {
      await this.#api.remove(drawing.id);
      this.#dialog.close();
      this.#emit("deleted", { drawing });
    });
  }

  async #request(send) {
    this.#emit("request");
    try {
      await send();
    } catch (problem) {
      this.#dialog.close(); // it would cover the page's notice
      this.#emit("failure", { problem, again: () => this.#request(send) });
    }
  }

  #emit(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
