// Reads a drawing while the pen is down: at most five times a second, one at a time, and in silence. What comes late is
// dropped; after a reading that fails or takes long, as on a slow network or a busy server, it rests for a minute.

import { toLists } from "./geometry.js";
import { isAboutContent } from "./problems.js";

const MS_BETWEEN = 200;
const SLOW_SECONDS = 0.4; // an answer at pen-up is there sooner
const REST_MS = 60_000;
const MAX_POINTS = 400; // more are simplified, so that a request stays small

export class Drafts {
  #ask;
  #show;
  #stroke = null; // stands for the stroke that is being drawn
  #isAsking = false;
  #restsUntil = -Infinity;

  /** `ask` takes lists of strokes and seconds, and promises a reading; `show` takes one that is in time. */
  constructor(ask, show) {
    this.#ask = ask;
    this.#show = show;
  }

  /** Reads until the pen is up; `growing` returns the strokes so far, or null once it is up. */
  async follow(growing) {
    const stroke = (this.#stroke = Symbol("stroke"));
    const isDown = () => stroke === this.#stroke && growing() !== null;
    for (let read = 0; ;) {
      await new Promise((resolve) => setTimeout(resolve, MS_BETWEEN));
      if (!isDown() || Date.now() < this.#restsUntil) return;
      const count = growing().at(-1).points.length;
      if (this.#isAsking || count === read) continue;
      read = count;
      const reading = await this.#read(toLists(growing(), MAX_POINTS));
      if (reading && isDown()) this.#show(reading);
    }
  }

  async #read(strokes) {
    this.#isAsking = true;
    try {
      return await this.#ask(strokes, SLOW_SECONDS);
    } catch (problem) {
      // What cannot be read yet may be readable in the next moment.
      if (!isAboutContent(problem)) this.#restsUntil = Date.now() + REST_MS;
      return null;
    } finally {
      this.#isAsking = false;
    }
  }
}
