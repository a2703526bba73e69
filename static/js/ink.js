// Paints strokes on a canvas: from vectors, so that they are sharp on every screen, and piece by piece while they grow.

import { PAD_SIZE, curvePiece, widthAt } from "./geometry.js";

const FADED = 0.65; // share of its ink that a stroke loses that was set aside

/** CSS chooses the colors of a canvas, so that it has to be painted again when they change. */
export function whenColorsChange(repaint) {
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", repaint);
  }
}

export class Ink {
  #canvas;
  #context;
  #painted = 0; // pieces of the growing stroke that are already on the canvas

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /** Gives the canvas one pixel for each pixel of the screen; true if its size changed, which clears it. */
  fit(devicePixels) {
    const side = Math.max(1, Math.round(devicePixels));
    if (this.#canvas.width === side && this.#canvas.height === side) return false;
    this.#canvas.width = side;
    this.#canvas.height = side;
    return true;
  }

  /** Paints strokes, those of the numbers in `aside` fainter and below the others. */
  repaint(strokes, aside = []) {
    const context = this.#context;
    const { width, height } = this.#canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (aside.length > 0) {
      this.#paintAll(strokes.filter((_, index) => aside.includes(index)));
      // Thinned as a whole: each piece in a faint color would be darker where it meets the next.
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.globalCompositeOperation = "destination-out";
      context.globalAlpha = FADED;
      context.fillRect(0, 0, width, height);
      context.globalCompositeOperation = "source-over";
      context.globalAlpha = 1;
    }
    this.#paintAll(strokes.filter((_, index) => !aside.includes(index)));
  }

  #paintAll(strokes) {
    for (const stroke of strokes) {
      this.#painted = 0;
      if (stroke.points.length === 1) this.#dot(stroke);
      else this.#paint(stroke, stroke.points.length);
    }
  }

  begin() {
    this.#painted = 0;
  }

  /** Paints a growing stroke up to its last but one point, since the next point bends the last curve. */
  grow(stroke) {
    if (stroke.points.length === 1) this.#dot(stroke);
    this.#paint(stroke, stroke.points.length - 1);
  }

  // A canvas does not paint lines of length zero, so a tap is painted as a circle.
  #dot({ points: [point], width }) {
    const context = this.#prepare();
    context.beginPath();
    context.arc(point.x, point.y, widthAt(point, width) / 2, 0, 2 * Math.PI);
    context.fill();
  }

  #paint({ points, width }, end) {
    if (this.#painted >= end) return;
    const context = this.#prepare();
    let open = false;
    for (let index = this.#painted; index < end; index += 1) {
      const { from, control, to } = curvePiece(points, index);
      const pieceWidth = widthAt(points[index], width);
      if (!open || context.lineWidth !== pieceWidth) {
        if (open) context.stroke();
        context.beginPath();
        context.lineWidth = pieceWidth;
        context.moveTo(from.x, from.y);
        open = true;
      }
      context.quadraticCurveTo(control.x, control.y, to.x, to.y);
    }
    context.stroke();
    this.#painted = end;
  }

  #prepare() {
    const context = this.#context;
    const scale = this.#canvas.width / PAD_SIZE;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.lineCap = "round";
    context.lineJoin = "round";
    // CSS chooses the color (light, dark, forced colors): it is the text color of the canvas.
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.fillStyle = context.strokeStyle;
    return context;
  }
}
