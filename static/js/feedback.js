// "Was this right?": asks, offers the ten digits, thanks, and withdraws what the visitor said.
//
// Events: "judge" with detail {correct: true}, {label: 0 to 9} or {label: null}.

import { words } from "./words.js";

const STEPS = ["question", "choices", "verdict"];

/** The digits by probability, likeliest first. */
export const rankDigits = (probabilities) =>
  probabilities.map((_, digit) => digit).sort((a, b) => probabilities[b] - probabilities[a]);

export class Feedback extends EventTarget {
  #root;
  #parts = {};
  #drawing = null;

  constructor(root) {
    super();
    this.#root = root;
    for (const part of root.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#parts.yes.addEventListener("click", () => this.confirm());
    this.#parts.no.addEventListener("click", () => this.offer());
    this.#parts.change.addEventListener("click", () => this.offer());
    this.#parts.withdraw.addEventListener("click", () => this.withdraw());
    this.#parts.cancel.addEventListener("click", () => this.cancel());
    this.#parts.digits.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(Number(button.value));
    });
  }

  get isAsking() {
    return this.#drawing !== null;
  }

  get isOffering() {
    return this.isAsking && !this.#parts.choices.hidden;
  }

  hide() {
    this.#drawing = null;
    this.#root.hidden = true;
  }

  /** Shows the question about a drawing, or what the visitor has said about it. */
  show(drawing) {
    const wasWithdrawn =
      this.#drawing?.id === drawing.id && this.#drawing.label !== null && drawing.label === null;
    this.#drawing = drawing;
    this.#root.hidden = false;
    const { label, prediction } = drawing;
    if (label === null) {
      this.#parts.said.textContent = wasWithdrawn ? words.feedback.withdrawn : "";
      this.#step("question");
    } else {
      this.#parts.said.textContent =
        label === prediction ? words.feedback.right : words.feedback.wrong(label);
      this.#step("verdict");
    }
  }

  confirm() {
    if (this.#drawing) this.#judge({ correct: true });
  }

  choose(digit) {
    if (this.#drawing)
      this.#judge(digit === this.#drawing.prediction ? { correct: true } : { label: digit });
  }

  withdraw() {
    if (this.#drawing && this.#drawing.label !== null) this.#judge({ label: null });
  }

  /** Offers the ten digits, likeliest first; the digit that was read comes last. */
  offer() {
    if (!this.#drawing) return;
    const { probabilities, prediction } = this.#drawing;
    const ranked = rankDigits(probabilities).filter((digit) => digit !== prediction);
    const buttons = new Map(
      [...this.#parts.digits.children].map((button) => [Number(button.value), button]),
    );
    this.#parts.digits.append(...[...ranked, prediction].map((digit) => buttons.get(digit)));
    this.#step("choices", this.#parts.digits.firstElementChild);
  }

  cancel() {
    if (this.#drawing) this.#step(this.#drawing.label === null ? "question" : "verdict");
  }

  #judge(detail) {
    this.dispatchEvent(new CustomEvent("judge", { detail }));
  }

  #step(name, focus = null) {
    // When a focused button is hidden, the focus would go back to the top of the page.
    const hadFocus = this.#root.contains(document.activeElement);
    for (const step of STEPS) this.#parts[step].hidden = step !== name;
    if (hadFocus || focus) (focus ?? this.#parts[name]).focus({ preventScroll: true });
  }
}
