// The picture that was sent in the place of strokes: it lies on the pad until something is drawn.

export class Picture {
  #image;

  constructor(image) {
    this.#image = image;
  }

  /** The data: address of what is shown; empty where there is nothing. */
  get url() {
    return this.#image.getAttribute("src") ?? "";
  }

  get isEmpty() {
    return this.url === "";
  }

  show(url) {
    this.#image.src = url;
    this.#image.hidden = false;
  }

  clear() {
    this.#image.removeAttribute("src");
    this.#image.hidden = true;
  }
}
