// Shows an answer: the digit, a sentence, eleven bars, the 28x28 pixels that the model saw, the visitor's verdict.

import { NONE, answerOf, describe, sharesOf, short, verdictOn } from "./reading.js";
import { words } from "./words.js";

const LEAST = 0.01; // the smallest share that is written over its bar
const MS_BEFORE_READING = 400; // a quicker answer does not flicker

/** A share in whole percent without the sign, as it stands over a bar; nothing is certain. */
export const shortPercent = (share) =>
  share < LEAST ? "" : String(Math.min(Math.round(100 * share), 99));

export class Answer {
  #root;
  #parts = {};
  #bars;
  #seen;
  #version;
  #timer = 0;

  /** `root` is #answer; `bars` has an item for each answer; `seen` is an <img>; `version` names the model. */
  constructor(root, bars, seen, version) {
    this.#root = root;
    for (const part of root.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#bars = [...bars.children];
    this.#seen = seen;
    this.#version = version;
  }

  /** The drawing has changed: the old answer no longer counts, but stays in sight until the new one arrives. */
  wait() {
    delete this.#root.dataset.digit;
    this.#root.setAttribute("aria-busy", "true");
    clearTimeout(this.#timer);
  }

  /** A reading on the way, in pencil. Screen readers hear the sentence, which waits for pen-up. */
  sketch(reading) {
    this.#root.dataset.draft = "";
    this.#root.dataset.unsaid = "";
    this.#root.dataset.state = "answered"; // no mark of the drawing before
    this.#parts.mark.textContent = "";
    this.#parts.digit.textContent = short(answerOf(reading));
    this.#draw(reading);
  }

  /** The new answer is on its way. */
  expect() {
    this.wait();
    this.#timer = setTimeout(() => this.#say(["", words.reading.reading]), MS_BEFORE_READING);
  }

  clear(sentence = "") {
    this.wait();
    this.#root.removeAttribute("aria-busy");
    this.#root.dataset.state = "empty";
    delete this.#root.dataset.draft;
    this.#parts.digit.textContent = "";
    this.#parts.mark.textContent = "";
    this.#say([sentence, ""]);
    this.#seen.removeAttribute("src");
    this.#seen.hidden = true;
    this.#version.textContent = "";
    for (const bar of this.#bars) this.#fill(bar, 0);
  }

  show(drawing) {
    clearTimeout(this.#timer);
    this.#root.removeAttribute("aria-busy");
    const answer = answerOf(drawing);
    this.#root.dataset.digit = answer;
    delete this.#root.dataset.draft;
    this.#parts.digit.textContent = short(answer);
    this.#seen.src = drawing.canonical;
    this.#seen.hidden = false;
    this.#version.textContent = words.reading.byModel(drawing.model);
    this.judge(drawing);
  }

  /**
   * Marks the answer as a teacher does: ticks it, or strikes it out and writes the right one beside it. The bars move
   * to what the same drawing would get now.
   */
  judge(drawing) {
    const { label, learned } = drawing;
    this.#draw(learned && label !== null ? learned : drawing);
    const verdict = verdictOn(drawing);
    this.#root.dataset.state = verdict === "open" ? "answered" : verdict;
    this.#parts.mark.textContent = verdict === "wrong" ? short(label) : "";
    const [sentence, detail] = describe(drawing);
    const said = verdict === "open" ? detail : words.feedback.thanks(verdict, label);
    const aside = (drawing.set_aside ?? []).map(({ kind }) => kind);
    this.#say([sentence, aside.length > 0 ? `${said} ${words.reading.aside(aside)}` : said]);
  }

  #draw(reading) {
    const answer = answerOf(reading);
    const shares = sharesOf(reading);
    this.#bars.forEach((bar, index) => this.#fill(bar, shares[index]));
    this.#bars.at(answer === NONE ? -1 : answer).toggleAttribute("data-likeliest", true);
  }

  #say([sentence, detail]) {
    delete this.#root.dataset.unsaid;
    this.#parts.sentence.textContent = sentence;
    this.#parts.detail.textContent = detail;
  }

  #fill(bar, share) {
    bar.style.setProperty("--share", share.toFixed(4));
    bar.removeAttribute("data-likeliest");
    bar.firstElementChild.textContent = shortPercent(share);
  }
}
