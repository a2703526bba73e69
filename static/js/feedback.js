// One row of buttons, one press: yes, another digit, or no digit. The chosen one stays pressed; pressed again, it
// takes back what the visitor said.
//
// Events: "judge" with detail {correct: true}, {label: 0 to 9 or "none"} or {label: null}.

import { NONE, answerOf, secondGuess } from "./reading.js";
import { words } from "./words.js";

export class Feedback extends EventTarget {
  #root;
  #yes;
  #which;
  #answers; // the buttons of the eleven answers
  #drawing = null;

  constructor(root) {
    super();
    this.#root = root;
    this.#yes = root.querySelector("[data-part=yes]");
    this.#which = root.querySelector("[data-part=which]");
    this.#answers = [...root.querySelectorAll("[value]")];
    root.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button === this.#which) this.#ask(true);
      else if (button?.ariaPressed === "true") this.withdraw();
      else if (button === this.#yes) this.confirm();
      else if (button) this.choose(button.value === NONE ? NONE : Number(button.value));
    });
  }

  hide() {
    this.#drawing = null;
    this.#root.hidden = true;
  }

  /** Asks about a drawing, or shows what the visitor has said about it. */
  show(drawing) {
    const { label } = drawing;
    const before = this.#drawing?.id === drawing.id ? this.#drawing : null;
    const wasAsking = before && answerOf(before) === NONE && this.#which.hidden;
    this.#drawing = drawing;
    this.#root.hidden = false;
    const answer = answerOf(drawing);
    const isNone = answer === NONE;
    this.#root.ariaLabel = isNone ? words.reading.isItOne : words.feedback.wasItRight;
    this.#yes.firstElementChild.textContent = isNone
      ? words.feedback.no
      : words.feedback.yes(answer);
    this.#yes.ariaPressed = String(label === answer);
    const second = secondGuess(drawing);
    for (const button of this.#answers) {
      button.ariaPressed = String(label !== answer && button.value === String(label));
      button.title = button.value === String(second) ? words.feedback.second : "";
    }
    this.#ask(!isNone || wasAsking || (label !== null && label !== NONE));
  }

  confirm() {
    if (this.#drawing && this.#drawing.label !== answerOf(this.#drawing)) this.#agree();
  }

  choose(answer) {
    if (!this.#drawing || answer === this.#drawing.label) return;
    if (answer === answerOf(this.#drawing)) this.#agree();
    else this.#judge({ label: answer });
  }

  withdraw() {
    if (this.#drawing && this.#drawing.label !== null) this.#judge({ label: null });
  }

  /** “Correct” is the model's own answer, which the visitor's answers may have changed. */
  #agree() {
    const { personal } = this.#drawing;
    this.#judge(personal ? { label: answerOf(this.#drawing) } : { correct: true });
  }

  #judge(detail) {
    this.dispatchEvent(new CustomEvent("judge", { detail }));
  }

  /** Shows the answers other than the one that was given; a doubt whether it is a digit at all comes before them. */
  #ask(isOffering) {
    const hadFocus = document.activeElement === this.#which;
    const answer = String(answerOf(this.#drawing));
    this.#which.hidden = isOffering;
    for (const button of this.#answers) button.hidden = button.value === answer || !isOffering;
    if (hadFocus && isOffering) this.#answers[0].focus({ preventScroll: true });
  }
}
