// Shows an answer: the digit, a sentence, ten bars, the 28x28 pixels that the model saw, and the visitor's verdict.

import { rankDigits } from "./feedback.js";
import { words } from "./words.js";

const UNSURE_BELOW = 0.5; // confidence
const CLOSE_FROM = 0.15; // probability of the runner-up

export function sentenceAbout({ prediction, is_digit: isDigit, confidence, probabilities }) {
  const other = rankDigits(probabilities).find((digit) => digit !== prediction);
  if (!isDigit) return words.reading.noDigit(prediction);
  if (confidence < UNSURE_BELOW) return words.reading.unsure(prediction, other);
  if (probabilities[other] >= CLOSE_FROM) return words.reading.close(prediction, other);
  return words.reading.sure(prediction, confidence);
}

/** A share in whole percent without the sign, as it stands over a bar. */
export const shortPercent = (share) => String(Math.round(share * 100));

export class Answer {
  #root;
  #digit;
  #mark;
  #sentence;
  #bars;
  #seen;
  #version;

  /** `root` is #answer; `bars` has an item for each digit, 0 to 9; `seen` is an <img>; `version` names the model. */
  constructor(root, bars, seen, version) {
    this.#root = root;
    this.#digit = root.querySelector("[data-part=digit]");
    this.#mark = root.querySelector("[data-part=mark]");
    this.#sentence = root.querySelector("[data-part=sentence]");
    this.#bars = [...bars.children].map((item) => ({
      item,
      share: item.querySelector("[data-part=share]"),
    }));
    this.#seen = seen;
    this.#version = version;
  }

  /** The drawing has changed: the old answer no longer counts, but stays in sight until the new one arrives. */
  wait() {
    delete this.#root.dataset.digit;
    this.#root.setAttribute("aria-busy", "true");
    // The sentence asks for a drawing, which has begun.
    if (this.#root.dataset.state === "empty") this.#sentence.textContent = "";
  }

  clear(sentence = "") {
    this.wait();
    this.#root.removeAttribute("aria-busy");
    this.#root.dataset.state = "empty";
    this.#digit.textContent = "";
    this.#mark.textContent = "";
    this.#sentence.textContent = sentence;
    this.#seen.removeAttribute("src");
    this.#seen.hidden = true;
    this.#version.textContent = "";
    for (const bar of this.#bars) this.#fill(bar, 0, "");
  }

  show(drawing) {
    this.#root.removeAttribute("aria-busy");
    this.#root.dataset.digit = String(drawing.prediction);
    this.#digit.textContent = String(drawing.prediction);
    this.#sentence.textContent = sentenceAbout(drawing);
    this.#seen.src = drawing.canonical;
    this.#seen.hidden = false;
    this.#version.textContent = words.reading.byModel(drawing.model);
    this.#bars.forEach((bar, digit) => {
      const share = drawing.probabilities[digit];
      this.#fill(bar, share, shortPercent(share));
      bar.item.toggleAttribute("data-likeliest", digit === drawing.prediction);
    });
    this.judge(drawing);
  }

  /** Marks the answer as a teacher does: ticks it, or strikes it out and writes the right digit beside it. */
  judge({ prediction, is_digit: isDigit, label }) {
    const isWrong = label !== null && label !== prediction;
    this.#mark.textContent = isWrong ? String(label) : "";
    if (isWrong) this.#root.dataset.state = "wrong";
    else if (label !== null) this.#root.dataset.state = "right";
    else this.#root.dataset.state = isDigit ? "answered" : "no-digit";
  }

  #fill({ item, share }, value, text) {
    item.style.setProperty("--share", value.toFixed(4));
    item.removeAttribute("data-likeliest");
    share.textContent = text;
  }
}
