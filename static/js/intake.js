// Pictures instead of strokes: a file that is chosen, dropped on the page or pasted, and the picture on the pad.
//
// Events of Intake: "file" with detail {file}; "dragging" with detail {isOver}.

/** The first picture among files; without one, the first file, so that the page can report that it is not a picture. */
export const firstPicture = (files) =>
  [...files].find((file) => file.type.startsWith("image/")) ?? files[0] ?? null;

export class Intake extends EventTarget {
  /** `input` is an <input type="file">; `target` takes drops and pastes. */
  constructor(input, target) {
    super();
    input.addEventListener("change", () => {
      this.#take(input.files);
      input.value = ""; // otherwise choosing the same file again would not be a change
    });
    target.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault(); // otherwise the browser would open the file instead of the page
      this.#emitDragging(true);
    });
    target.addEventListener(
      "dragleave",
      (event) => event.relatedTarget || this.#emitDragging(false),
    );
    target.addEventListener("drop", (event) => {
      this.#emitDragging(false);
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

  #emitDragging(isOver) {
    this.dispatchEvent(new CustomEvent("dragging", { detail: { isOver } }));
  }
}
