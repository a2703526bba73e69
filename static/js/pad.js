// The drawing pad: pointers and keys become strokes on sheets. A stroke, an erased stroke and a new sheet are steps of
// undo, so that nothing that was drawn is lost.
//
// A sheet is {strokes, picture, box, digit}: the picture that was sent instead of strokes, the box that was marked on
// it, and the digit that the page counts it as. Events: "begin" when a stroke begins; "change" when the sheet has changed, with detail {sheet}.

import { distance, isNear, toPad } from "./geometry.js";
import { Ink, whenColorsChange } from "./ink.js";

const MIN_DISTANCE = 0.5; // units; closer points only add jitter
const LEAST_STROKE = 6; // units; over a picture, less is a click
const ERASER = 12; // units around the eraser
const PALM_MS = 500; // a touch so soon after a pen is the hand that holds it
const BUTTON = { primary: 0, eraser: 5 };
const BARREL = 2; // of `buttons`

/** Adds the time to a point: a kept sheet goes on at another page, whose clock begins at zero. */
const timed = (point, at) => ({ ...point, time: Math.round(performance.timeOrigin + at) });

export class Pad extends EventTarget {
  penWidth = 18; // units

  #canvas;
  #ink;
  #sheet = { strokes: [], picture: "", digit: null };
  #aside = []; // numbers of the strokes that were not read
  #past = [];
  #future = [];
  #current = null; // the stroke that is being drawn
  #pointer = null; // the pointer that draws or erases: {id, type, isEraser}; null when keys draw
  #turned = null; // the sheet that this stroke turned
  #click = null; // the place over a picture where a stroke may begin
  #penAt = -Infinity; // when a pen was last seen
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

  get sheet() {
    return this.#sheet;
  }

  get isEmpty() {
    return this.#sheet.strokes.length === 0 && !this.#sheet.picture && this.#current === null;
  }

  /** The strokes with the one that is being drawn; null while none is. */
  get growing() {
    return this.#current && [...this.#sheet.strokes, this.#current];
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /** Puts another sheet over this one. */
  turn(sheet) {
    this.end(); // a stroke under way stays on the old one
    this.#put({ strokes: [], picture: "", ...sheet });
  }

  /** Shows a sheet as the first one. */
  load(sheet) {
    this.#drop();
    this.#past = [];
    this.#future = [];
    this.#sheet = { strokes: [], picture: "", ...sheet };
    this.#changed();
  }

  /** Takes a digit that was deleted out of the steps of undo. */
  forget(id) {
    for (const steps of [this.#past, this.#future])
      steps.splice(0, Infinity, ...steps.filter(({ digit }) => digit?.id !== id));
  }

  /** Takes what was drawn before this script was there. */
  takeOver(events) {
    for (const event of events) {
      // A pointer that goes down elsewhere moves and rises in vain.
      if (event.type === "pointerdown" && event.target !== this.#canvas) continue;
      if (event.type === "pointerdown") this.#down(event);
      else if (event.type === "pointermove") this.#move(event);
      else this.#up(event);
    }
  }

  begin(point, at = performance.now()) {
    const before = this.#sheet;
    this.dispatchEvent(new CustomEvent("begin")); // may turn the sheet
    this.#turned = this.#sheet === before ? null : before;
    this.#current = { points: [timed(point, at)], width: this.penWidth };
    this.#ink.begin();
    this.#paintSoon();
  }

  extend(point, at = performance.now()) {
    if (!this.#current) return;
    if (distance(this.#current.points.at(-1), point) < MIN_DISTANCE) return;
    this.#current.points.push(timed(point, at));
    this.#paintSoon();
  }

  end() {
    if (!this.#current) return;
    cancelAnimationFrame(this.#frame);
    const stroke = this.#current;
    this.#current = null;
    this.#pointer = null;
    // Painted again as a whole, the stroke has no seams between its pieces.
    this.#put({ ...this.#sheet, strokes: [...this.#sheet.strokes, stroke] });
  }

  #down(event) {
    const { pointerId: id, pointerType: type } = event;
    if (type === "touch") {
      if (this.#pointer?.type === "pen" || event.timeStamp - this.#penAt < PALM_MS) return; // a palm
      if (this.#pointer?.type === "touch") this.#withdraw(); // two fingers are a gesture
      if (!event.isPrimary) return;
    } else if (type === "pen") {
      this.#penAt = event.timeStamp;
      // A resting hand touched the pad before the pen did.
      if (this.#pointer?.type === "touch") this.#withdraw();
    }
    const isEraser = event.button === BUTTON.eraser;
    if (this.#pointer || (event.button !== BUTTON.primary && !isEraser)) return;
    if (event.buttons & BARREL) return;
    this.end(); // a stroke that keys began
    // With the focus here, keys answer. Only visitors who came by keys see the focus ring.
    this.#canvas.toggleAttribute("data-pointed", true);
    this.#canvas.focus({ preventScroll: true });
    this.#capture(id);
    this.#pointer = { id, type, isEraser };
    const point = this.#point(event);
    if (isEraser) this.#erase(point);
    else if (this.#sheet.picture) this.#click = point;
    else this.begin(point, event.timeStamp);
  }

  #move(event) {
    if (event.pointerType === "pen") this.#penAt = event.timeStamp;
    if (event.pointerId !== this.#pointer?.id) return;
    // One event can stand for several places; without that list (insecure origins), the event itself is the place.
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length > 0 ? all : [event])
      this.#follow(this.#point(each), each.timeStamp);
  }

  #follow(point, at) {
    if (this.#pointer.isEraser) {
      this.#erase(point);
      return;
    }
    if (this.#click) {
      if (distance(this.#click, point) < LEAST_STROKE) return;
      this.begin(this.#click, at);
      this.#click = null;
    }
    this.extend(point, at);
  }

  #up(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    if (event.type === "pointerup" && this.#current)
      this.extend(this.#point(event), event.timeStamp);
    this.#click = null;
    this.end();
    this.#pointer = null;
  }

  #cancel(event) {
    // The system cancels a touch for a palm (a pen is in use) or for a gesture of its own, whose ink is kept.
    const isPalm = event.pointerType === "touch" && this.#penAt > 0;
    if (isPalm && event.pointerId === this.#pointer?.id) this.#withdraw();
    else this.#up(event);
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

  #erase(point) {
    const { strokes } = this.#sheet;
    const left = strokes.filter((stroke) => !isNear(stroke, point, ERASER));
    if (left.length < strokes.length) this.#put({ ...this.#sheet, strokes: left });
  }

  #step(from, to) {
    if (this.#current || from.length === 0) return;
    to.push(this.#sheet);
    this.#sheet = from.pop();
    this.#changed();
  }

  #put(sheet) {
    this.#past.push(this.#sheet);
    this.#future = [];
    this.#sheet = sheet;
    this.#changed();
  }

  /** Takes back the stroke under way, as if it had never begun. */
  #withdraw() {
    this.#click = null;
    this.#drop();
    this.#pointer = null;
    if (this.#turned) this.#sheet = this.#past.pop();
    this.#turned = null;
    this.#changed();
  }

  #drop() {
    cancelAnimationFrame(this.#frame);
    this.#current = null;
  }

  /** Paints the strokes of these numbers fainter, until the sheet changes. */
  setAside(numbers) {
    if (this.#current || numbers.join() === this.#aside.join()) return;
    this.#aside = numbers;
    this.#repaint();
  }

  #changed() {
    this.#aside = [];
    this.#ink.repaint(this.#sheet.strokes);
    this.dispatchEvent(new CustomEvent("change", { detail: { sheet: this.#sheet } }));
  }

  #paintSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#ink.grow(this.#current));
  }

  #repaint() {
    this.#ink.repaint(this.#sheet.strokes, this.#aside);
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
