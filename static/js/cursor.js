// Drawing by keys: the arrows move a cursor on the pad, and Space puts it down and lifts it like a pen.

import { PAD_SIZE } from "./geometry.js";
import { words } from "./words.js";

const CELLS = 20; // a side of the grid on which the cursor moves
const CELL = PAD_SIZE / CELLS; // units
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Cursor {
  #pad;
  #marker;
  #voice;
  #column = CELLS / 2;
  #row = CELLS / 2;
  #isDown = false;

  /** `marker` is the element that shows the cursor; `voice` is the live region that announces it. */
  constructor(canvas, pad, marker, voice) {
    this.#pad = pad;
    this.#marker = marker;
    this.#voice = voice;
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("blur", () => this.#leave());
    // Before the pad begins a stroke of the pointer.
    canvas.addEventListener("pointerdown", () => this.#leave(), { capture: true });
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) this.#move(...ARROWS[event.key]);
    else if (event.key === " ") this.#togglePen();
    else if (this.#isDown && (event.key === "Enter" || event.key === "Escape")) this.#togglePen();
    else return;
    event.preventDefault(); // no scrolling
    event.stopPropagation(); // Enter that lifts the pen does not also answer Yes
  }

  #move(columns, rows) {
    // The first arrow only shows where the cursor is.
    if (!this.#marker.hidden) {
      this.#column = Math.min(Math.max(this.#column + columns, 0), CELLS);
      this.#row = Math.min(Math.max(this.#row + rows, 0), CELLS);
    }
    if (this.#isDown) this.#pad.extend(this.#point());
    this.#show();
    this.#voice.textContent = words.keys.place(this.#row + 1, this.#column + 1);
  }

  #togglePen() {
    this.#isDown = !this.#isDown;
    if (this.#isDown) this.#pad.begin(this.#point());
    else this.#pad.end();
    this.#show();
    this.#voice.textContent = this.#isDown ? words.keys.penDown : words.keys.penUp;
  }

  #leave() {
    if (this.#isDown) {
      this.#isDown = false;
      this.#pad.end();
    }
    this.#marker.hidden = true;
  }

  #point() {
    return { x: this.#column * CELL, y: this.#row * CELL };
  }

  #show() {
    this.#marker.hidden = false;
    this.#marker.toggleAttribute("data-down", this.#isDown);
    this.#marker.style.left = `${(100 * this.#column) / CELLS}%`;
    this.#marker.style.top = `${(100 * this.#row) / CELLS}%`;
  }
}
