// Pictures that come from elsewhere: chosen as a file, dropped on the page, or pasted; and the one that lies on the pad.
//
// Events of Intake: "file" with detail {file}; "dragging" with detail {isOver}.

/** The first picture among files; else the first file, so that somebody can be told that it is none. */
export const firstPicture = (files) =>
  [...files].find((file) => file.type.startsWith("image/")) ?? files[0] ?? null;

export class Intake extends EventTarget {
  /** `input` is an <input type="file">; `target` takes drops and pastes. */
  constructor(input, target) {
    super();
    input.addEventListener("change", () => {
      this.#take(input.files);
      input.value = ""; // the same file again is a choice, too
    });
    target.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault(); // or the browser would leave the page for the file
      this.#tell(true);
    });
    target.addEventListener("dragleave", (event) => event.relatedTarget || this.#tell(false));
    target.addEventListener("drop", (event) => {
      this.#tell(false);
      if (this.#take(event.dataTransfer.files)) event.preventDefault();
    });
    target.addEventListener("paste", (event) => {
      if (this.#take(event.clipboardData.files)) event.preventDefault();
    });
  }

  #take(files) {
    const file = firstPicture(files);
    if (file) this.dispatchEvent(new CustomEvent("file", { detail: { file } }));
    return file !== null;
  }

  #tell(isOver) {
    this.dispatchEvent(new CustomEvent("dragging", { detail: { isOver } }));
  }
}

/** The picture that was sent in the place of strokes: it lies on the pad until something is drawn. */
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
