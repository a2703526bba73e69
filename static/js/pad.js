// The drawing pad: pointers and keys become strokes, with undo and redo.
//
// Events: "begin" when a stroke begins; "change" when the drawing has changed, with detail {strokes}.

import { distance, toPad } from "./geometry.js";
import { Ink, whenColorsChange } from "./ink.js";

const MIN_DISTANCE = 0.5; // units; closer points only add jitter
const PRIMARY_BUTTON = 0;

export class Pad extends EventTarget {
  penWidth = 18; // units

  #canvas;
  #ink;
  #strokes = [];
  #undone = [];
  #current = null; // the stroke that is being drawn
  #pointer = null; // the pointer that draws it: {id, type}; null when keys draw it
  #hasSeenPen = false;
  #frame = 0;

  constructor(canvas) {
    super();
    this.#canvas = canvas;
    this.#ink = new Ink(canvas);
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("lostpointercapture", (event) => this.#up(event));
    canvas.addEventListener("keydown", () => canvas.removeAttribute("data-pointed"));
    // A long press must not open a menu during a stroke.
    canvas.addEventListener("contextmenu", (event) => this.#current && event.preventDefault());
    this.#followScreen();
  }

  get strokes() {
    return this.#strokes;
  }

  get isEmpty() {
    return this.#strokes.length === 0 && this.#current === null;
  }

  get canUndo() {
    return this.#strokes.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  undo() {
    if (this.#current || !this.canUndo) return;
    this.#undone.push(this.#strokes.pop());
    this.#changed();
  }

  redo() {
    if (this.#current || !this.canRedo) return;
    this.#strokes.push(this.#undone.pop());
    this.#changed();
  }

  clear() {
    this.#drop();
    this.#strokes = [];
    this.#undone = [];
    this.#changed();
  }

  load(strokes) {
    this.#strokes = strokes;
    this.#undone = [];
    this.#changed();
  }

  begin(point) {
    this.#current = { points: [point], width: this.penWidth };
    this.#ink.begin();
    this.dispatchEvent(new CustomEvent("begin"));
    this.#paintSoon();
  }

  extend(point) {
    if (!this.#current) return;
    if (distance(this.#current.points.at(-1), point) < MIN_DISTANCE) return;
    this.#current.points.push(point);
    this.#paintSoon();
  }

  end() {
    if (!this.#current) return;
    cancelAnimationFrame(this.#frame);
    this.#strokes.push(this.#current);
    this.#undone = [];
    this.#current = null;
    this.#pointer = null;
    // Painted again as a whole, the stroke has no seams between its pieces.
    this.#changed();
  }

  #down(event) {
    const isPen = event.pointerType === "pen";
    this.#hasSeenPen ||= isPen;
    // A resting hand touched the pad before the pen did: its stroke is dropped.
    if (isPen && this.#pointer?.type === "touch") this.#drop();
    if (this.#current && !this.#pointer) this.end(); // begun by keys
    if (this.#current || event.button !== PRIMARY_BUTTON) return;
    // With the focus here, keys answer. Only visitors who came by keys see the focus ring.
    this.#canvas.toggleAttribute("data-pointed", true);
    this.#canvas.focus({ preventScroll: true });
    this.#capture(event.pointerId);
    this.#pointer = { id: event.pointerId, type: event.pointerType };
    this.begin(this.#point(event));
  }

  #move(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    // One event can stand for several places; without that list (insecure origins), the event itself is the place.
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length > 0 ? all : [event]) this.extend(this.#point(each));
  }

  #up(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    if (event.type === "pointerup") this.extend(this.#point(event));
    this.end();
  }

  #cancel(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    // The system cancels a touch for a palm (a pen is in use) or for a gesture of its own, whose ink is kept.
    if (this.#pointer.type !== "touch" || !this.#hasSeenPen) {
      this.end();
      return;
    }
    this.#drop();
    this.#changed();
  }

  #capture(pointerId) {
    try {
      this.#canvas.setPointerCapture(pointerId);
    } catch {
      // The pointer has already left; its stroke is a dot.
    }
  }

  #point(event) {
    const point = toPad(event.clientX, event.clientY, this.#canvas.getBoundingClientRect());
    const hasPressure = event.pointerType === "pen" && event.pressure > 0 && event.pressure < 1;
    if (hasPressure && event.pressure !== 0.5)
      point.pressure = Math.round(event.pressure * 100) / 100;
    return point;
  }

  #drop() {
    if (!this.#current) return;
    cancelAnimationFrame(this.#frame);
    this.#current = null;
    this.#pointer = null;
    this.#ink.repaint(this.#strokes);
  }

  #changed() {
    this.#ink.repaint(this.#strokes);
    this.dispatchEvent(new CustomEvent("change", { detail: { strokes: this.#strokes } }));
  }

  #paintSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#ink.grow(this.#current));
  }

  #repaint() {
    this.#ink.repaint(this.#strokes);
    if (!this.#current) return;
    this.#ink.begin();
    this.#ink.grow(this.#current);
  }

  #followScreen() {
    const observer = new ResizeObserver(([entry]) =>
      this.#fit(entry.devicePixelContentBoxSize?.[0].inlineSize),
    );
    try {
      observer.observe(this.#canvas, { box: "device-pixel-content-box" });
    } catch {
      observer.observe(this.#canvas);
    }
    whenColorsChange(() => this.#repaint());
    this.#followResolution();
  }

  /** Some browsers report the `exact` size in screen pixels; while they emulate another device, it may be wrong. */
  #fit(exact = NaN) {
    const side = this.#canvas.getBoundingClientRect().width * devicePixelRatio;
    if (this.#ink.fit(Math.abs(exact - side) < 2 ? exact : side)) this.#repaint();
  }

  // A window that moves to another screen keeps its CSS size, so that not every observer notices.
  #followResolution() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      "change",
      () => {
        this.#fit();
        this.#followResolution();
      },
      { once: true },
    );
  }
}
