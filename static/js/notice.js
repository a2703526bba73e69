// The one place where the page says that something went wrong, and offers the way out.
//
// Events: "retry".

export class Notice extends EventTarget {
  #root;
  #sentence;
  #button;

  constructor(root) {
    super();
    this.#root = root;
    this.#sentence = root.querySelector("[data-part=sentence]");
    this.#button = root.querySelector("button");
    this.#button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("retry")));
  }

  show(sentence, way) {
    this.#button.textContent = way;
    this.#sentence.textContent = sentence;
    this.#root.dataset.open = "";
  }

  hide() {
    delete this.#root.dataset.open;
    this.#sentence.textContent = "";
  }
}
