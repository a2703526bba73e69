// Where the model looked: a map over the 28x28 digit, and a sentence that says the same. Fetched when asked for.
//
// Events: "failure" with detail {problem}.

import { words } from "./words.js";

const SIDE = 28; // pixels of the digit
const BOX = { start: 4, third: 20 / 3 }; // its ink lies in the middle 20 of them
const LEAST = 0.02; // a loss of confidence that is worth a word
const STRONGEST = 0.85; // opacity

/** The place whose covering costs most confidence: {row, column, loss}. */
export function strongest(map) {
  let most = { row: 0, column: 0, loss: 0 };
  map.forEach((losses, row) =>
    losses.forEach((loss, column) => {
      if (loss > most.loss) most = { row, column, loss };
    }),
  );
  return most;
}

/** Which of the nine parts of the digit a pixel is in: 0 at the top left, 8 at the bottom right. */
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
  #load;
  #button;
  #canvas;
  #sentence;
  #drawing = null;
  #map = null;

  /** `load` takes a drawing's id and promises {map}; `canvas` lies over the digit; `sentence` is a live region. */
  constructor(load, button, canvas, sentence) {
    super();
    this.#load = load;
    this.#button = button;
    this.#canvas = canvas;
    this.#sentence = sentence;
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.#paint());
    }
  }

  get isOn() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  /** Another drawing is answered, or none (null): what is shown belongs to the one before. */
  async show(drawing) {
    this.#drawing = drawing;
    this.#map = null;
    this.#paint();
    if (!drawing || !this.isOn) return;
    try {
      const { map } = await this.#load(drawing.id);
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
    // The color is CSS's to choose; the strongest place is opaque, however little hangs on it.
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
