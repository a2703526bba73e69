// Where the model looked: a map over the 28x28 digit, and a sentence for the same. Loaded when the visitor asks for it.
//
// Events: "failure" with detail {problem}.

import { whenColorsChange } from "./ink.js";
import { words } from "./words.js";

const SIDE = 28; // pixels of the digit
const BOX = { start: 4, third: 20 / 3 }; // pixels; the ink lies in the middle 20
const LEAST = 0.02; // the smallest loss of confidence that the sentence mentions
const STRONGEST = 0.85; // opacity

/** The place that costs most confidence when it is covered: {row, column, loss}. */
export function strongest(map) {
  let most = { row: 0, column: 0, loss: 0 };
  map.forEach((losses, row) =>
    losses.forEach((loss, column) => {
      if (loss > most.loss) most = { row, column, loss };
    }),
  );
  return most;
}

/** The part of the digit that a pixel lies in: 0 at the top left to 8 at the bottom right. */
export function partOf(row, column) {
  const third = (place) => Math.min(Math.max(Math.floor((place - BOX.start) / BOX.third), 0), 2);
  return 3 * third(row) + third(column);
}

export function sentenceAbout(map) {
  const { row, column, loss } = strongest(map);
  return loss < LEAST
    ? words.explanation.nowhere
    : words.explanation.somewhere(partOf(row, column), Math.round(100 * loss));
}

export class Explanation extends EventTarget {
  #api;
  #button;
  #canvas;
  #sentence;
  #drawing = null;
  #map = null;

  /** `canvas` lies over the digit; `sentence` is a live region. */
  constructor(api, button, canvas, sentence) {
    super();
    this.#api = api;
    this.#button = button;
    this.#canvas = canvas;
    this.#sentence = sentence;
    whenColorsChange(() => this.#paint());
  }

  get isOn() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  /** Explains another drawing; null clears the explanation. */
  async show(drawing) {
    this.#drawing = drawing;
    this.#map = null;
    this.#paint();
    if (!drawing || !this.isOn) return;
    try {
      const { map } = await this.#api.explain(drawing.id);
      if (drawing !== this.#drawing || !this.isOn) return;
      this.#map = map;
      this.#paint();
    } catch (problem) {
      if (drawing !== this.#drawing) return;
      this.#button.setAttribute("aria-pressed", "false");
      this.dispatchEvent(new CustomEvent("failure", { detail: { problem } }));
    }
  }

  toggle() {
    this.#button.setAttribute("aria-pressed", String(!this.isOn));
    return this.show(this.#drawing);
  }

  #paint() {
    this.#canvas.hidden = this.#map === null;
    this.#sentence.textContent = this.#map ? sentenceAbout(this.#map) : "";
    if (!this.#map) return;
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, SIDE, SIDE);
    // The strongest place has the full color, however small its loss is.
    context.fillStyle = getComputedStyle(this.#canvas).color;
    const { loss: most } = strongest(this.#map);
    this.#map.forEach((losses, row) =>
      losses.forEach((loss, column) => {
        context.globalAlpha = most > 0 ? (STRONGEST * loss) / most : 0;
        context.fillRect(column, row, 1, 1);
      }),
    );
  }
}
