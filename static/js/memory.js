// What the visitor's own answers changed, in a sentence, and how to do without them. Loaded once there are some.
//
// Events: "without" and "forget", the two buttons.

import { NONE, answerOf, shownOf } from "./reading.js";
import { words } from "./words.js";

/** A sentence about a drawing, or null. After a verdict it says what the same drawing would get now. */
export function sentenceAbout(drawing) {
  const { personal, learned, label } = drawing;
  const shown = answerOf(drawing);
  if (learned && label !== null) {
    const now = answerOf(learned);
    if (now !== label) return words.memory.notYet(now);
    return shown === label ? words.memory.remembers(learned.remembered) : words.memory.learned(now);
  }
  if (!personal) return null;
  const own = drawing.is_digit ? drawing.prediction : NONE;
  const remembers = words.memory.remembers(personal.remembered);
  return own === shown ? remembers : `${remembers} ${words.memory.without(own)}`;
}

export class MemoryNote extends EventTarget {
  #root;
  #sentence;
  #without;

  constructor(root) {
    super();
    this.#root = root;
    this.#sentence = root.querySelector("p");
    this.#without = root.querySelector("[value=without]");
    root.addEventListener("click", ({ target }) => {
      const name = target.closest("button")?.value;
      if (name) this.dispatchEvent(new CustomEvent(name));
    });
  }

  /** Tells about a drawing; null hides the note. */
  show(drawing) {
    const sentence = drawing && sentenceAbout(drawing);
    this.#root.hidden = !sentence;
    this.#sentence.textContent = sentence ?? "";
    this.#without.hidden = !drawing || shownOf(drawing) === drawing || drawing.label !== null;
  }
}
