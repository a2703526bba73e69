// The dialog over one stored drawing: what was read, what the person says about it, delete.
//
// Events: "judge" with detail {drawing, feedback}; "delete" with detail {drawing}.

import { Feedback } from "./feedback.js";
import { words } from "./words.js";

export class Editor extends EventTarget {
  #dialog;
  #feedback;
  #picture;
  #details;
  #delete;
  #image;
  #strokes;
  #drawing = null;
  #isSure = false;

  constructor(dialog) {
    super();
    this.#dialog = dialog;
    this.#picture = dialog.querySelector("[data-part=picture]");
    this.#details = dialog.querySelector("[data-part=details]");
    this.#delete = dialog.querySelector("[data-part=delete]");
    this.#image = dialog.querySelector("[data-part=image]");
    this.#strokes = dialog.querySelector("[data-part=strokes]");
    this.#feedback = new Feedback(dialog.querySelector(".feedback"));
    this.#feedback.addEventListener("judge", ({ detail }) =>
      this.#emit("judge", { feedback: detail }),
    );
    this.#delete.addEventListener("click", () => this.#askOrDelete());
    // A click beside the dialog closes it as Esc does.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** `urls`: {image, strokes}, where its files are. */
  open(drawing, urls) {
    this.#isSure = false;
    this.#delete.textContent = words.drawing.deleteAsk;
    this.#picture.src = urls.image;
    this.#image.href = urls.image;
    this.#image.download = `drawing-${drawing.id}.png`;
    this.#strokes.href = urls.strokes;
    this.show(drawing);
    this.#dialog.showModal();
  }

  show(drawing) {
    this.#drawing = drawing;
    const when = new Intl.DateTimeFormat(document.documentElement.lang, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    this.#details.textContent = words.drawing.details(
      drawing.prediction,
      drawing.confidence,
      when.format(new Date(drawing.created_at)),
    );
    this.#feedback.show(drawing);
  }

  close() {
    this.#dialog.close();
  }

  #askOrDelete() {
    if (this.#isSure) this.#emit("delete");
    this.#isSure = true;
    this.#delete.textContent = words.drawing.deleteSure;
  }

  #emit(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail: { drawing: this.#drawing, ...detail } }));
  }
}
