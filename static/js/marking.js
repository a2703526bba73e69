// What was taken for ink, as an outline over the picture, what was set aside, fainter, and the box with which a person
// marks the digit instead. Loaded with the first picture.
//
// Places in a picture are in its pixels: a box is [left, top, right, bottom]. Events of Marking: "box" with detail
// {box}; "end" when marking ends, with a box or without.

import { whenColorsChange } from "./ink.js";
import { words } from "./words.js";

const INK = 200; // gray below which a pixel of the archived picture is ink
const LEAST = 12; // CSS pixels; a box that is smaller both ways is a tap, which ends marking
const LEAST_SIDE = 8; // pixels of the picture; the server reads no smaller box
const STEP = 0.04; // of the picture's longer side: how far an arrow key moves
const WIDTH = 2; // of the outline, in CSS pixels
const VEIL = 0.65; // opacity of the paper over what was set aside
const MARGIN = 0.1; // of the longer side of all that was found: as far from it is paper
const GRID = 16; // colors looked at along a side, to find that of the paper
const ALL_AROUND = Array.from({ length: 16 }, (_, turn) => (turn * Math.PI) / 8);

/** Where a picture of this size lies in a square of a `side`: its scale and its offset. */
export function fit({ width, height }, side) {
  const scale = side / Math.max(width, height);
  return { scale, x: (side - width * scale) / 2, y: (side - height * scale) / 2 };
}

const between = (least, value, most) => Math.max(least, Math.min(value, most));

/** The box between two corners, inside of the picture, in whole pixels; one that is too thin is widened. */
export function boxBetween([x1, y1], [x2, y2], { width, height }) {
  const span = (one, other, most) => {
    const [from, to] = [one, other].map((at) => Math.round(between(0, at, most)));
    const side = Math.min(Math.max(Math.abs(to - from), LEAST_SIDE), most);
    const start = between(0, Math.round((from + to - side) / 2), most - side);
    return [start, start + side];
  };
  const [[left, right], [top, bottom]] = [span(x1, x2, width), span(y1, y2, height)];
  return [left, top, right, bottom];
}

/** A box after an arrow key: moved, or with Shift larger or smaller, and never outside of the picture. */
export function nudge([left, top, right, bottom], [dx, dy], isSize, { width, height }) {
  const step = Math.max(1, Math.round(STEP * Math.max(width, height)));
  if (isSize)
    return [
      left,
      top,
      between(Math.min(left + LEAST_SIDE, width), right + dx * step, width),
      between(Math.min(top + LEAST_SIDE, height), bottom + dy * step, height),
    ];
  const [x, y] = [
    between(-left, dx * step, width - right),
    between(-top, dy * step, height - bottom),
  ];
  return [left + x, top + y, right + x, bottom + y];
}

/** The ink of an archived picture, which is dark on white, as a canvas without paper, and the box around it. */
function cutOut(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const box = [canvas.width, canvas.height, 0, 0];
  for (let index = 0; index < pixels.data.length; index += 4) {
    const isInk = pixels.data[index] < INK;
    pixels.data[index + 3] = isInk ? 255 : 0;
    if (!isInk) continue;
    const [x, y] = [(index / 4) % canvas.width, Math.floor(index / 4 / canvas.width)];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + 1);
    box[3] = Math.max(box[3], y + 1);
  }
  context.putImageData(pixels, 0, 0);
  return { canvas, box };
}

/** The color of the paper around boxes of a picture: the middle one of those on their common rim. */
function paperAround(picture, boxes) {
  const [lefts, tops, rights, bottoms] = [0, 1, 2, 3].map((side) => boxes.map((box) => box[side]));
  const [left, top] = [Math.min(...lefts), Math.min(...tops)];
  const [right, bottom] = [Math.max(...rights), Math.max(...bottoms)];
  const margin = MARGIN * Math.max(right - left, bottom - top);
  const from = [Math.max(0, left - margin), Math.max(0, top - margin)];
  const to = [
    Math.min(picture.naturalWidth, right + margin),
    Math.min(picture.naturalHeight, bottom + margin),
  ];
  const context = new OffscreenCanvas(GRID, GRID).getContext("2d");
  context.fillStyle = "white"; // the sheet, which is seen through a transparent picture
  context.fillRect(0, 0, GRID, GRID);
  context.drawImage(picture, ...from, to[0] - from[0], to[1] - from[1], 0, 0, GRID, GRID);
  const { data } = context.getImageData(0, 0, GRID, GRID);
  const rim = [];
  for (let at = 0; at < GRID * GRID; at += 1) {
    const [column, row] = [at % GRID, Math.floor(at / GRID)];
    if (column % (GRID - 1) && row % (GRID - 1)) continue;
    rim.push(data.subarray(4 * at, 4 * at + 3));
  }
  const brightness = ([red, green, blue]) => red + green + blue;
  return rim.sort((one, other) => brightness(one) - brightness(other))[rim.length >> 1];
}

export class Marking extends EventTarget {
  #sheet;
  #picture;
  #button;
  #label;
  #voice;
  #outline = document.createElement("canvas");
  #frame = document.createElement("div"); // takes pointers and keys while a box is marked
  #mark = document.createElement("div");
  #shown = null; // {ink, found, aside, paper} of the outline
  #box = null; // as marked so far
  #from = null; // the corner where a pointer went down

  /** `picture` is the <img> on the `sheet`; `button` starts marking, and reads the box; `voice` is a live region. */
  constructor(sheet, picture, button, voice) {
    super();
    this.#sheet = sheet;
    this.#picture = picture;
    this.#button = button;
    this.#label = button.textContent;
    this.#voice = voice;
    this.#outline.className = "outline";
    this.#frame.className = "marking";
    this.#frame.tabIndex = 0;
    this.#frame.hidden = true;
    this.#frame.setAttribute("role", "application");
    this.#frame.setAttribute("aria-label", words.picture.box);
    this.#mark.className = "mark-box";
    const how = document.createElement("p");
    how.textContent = words.picture.box;
    this.#frame.append(this.#mark, how);
    picture.after(this.#outline, this.#frame);
    button.addEventListener("click", () => (this.isOn ? this.#finish() : this.start()));
    this.#frame.addEventListener("pointerdown", (event) => this.#down(event));
    this.#frame.addEventListener("pointermove", (event) => this.#move(event));
    this.#frame.addEventListener("pointerup", (event) => this.#up(event));
    this.#frame.addEventListener("pointercancel", () => this.stop());
    this.#frame.addEventListener("keydown", (event) => this.#press(event));
    new ResizeObserver(() => this.#paint()).observe(sheet);
    whenColorsChange(() => this.#paint());
  }

  get isOn() {
    return !this.#frame.hidden;
  }

  /** Outlines the ink of an answered drawing; null takes the outline away. `box` is the one that was marked. */
  async show(drawing, load, box = null) {
    this.#shown = null;
    if (!this.isOn) this.#box = box; // else the visitor is moving it
    this.#paint();
    if (!drawing?.found) return;
    const aside = (drawing.set_aside ?? []).map((part) => part.box);
    const shown = { found: drawing.found, aside, paper: null, ink: null };
    this.#shown = shown;
    // Without the outline, the answer stands.
    const [bitmap] = await Promise.all([load(drawing.id), this.#picture.decode()]).catch(() => []);
    if (!bitmap || this.#shown !== shown) return;
    shown.ink = cutOut(bitmap);
    if (aside.length > 0) shown.paper = paperAround(this.#picture, [shown.found, ...aside]);
    bitmap.close();
    this.#paint();
  }

  start() {
    const { width, height } = this.#size;
    this.#box ??= boxBetween([0.2 * width, 0.2 * height], [0.8 * width, 0.8 * height], this.#size);
    this.#frame.hidden = false;
    this.#button.textContent = words.picture.read;
    this.#voice.textContent = words.picture.how;
    this.#frame.focus({ preventScroll: true });
    this.#paint();
  }

  /** Ends marking without a box. */
  stop() {
    if (!this.isOn) return;
    this.#from = null;
    this.#frame.hidden = true;
    this.#button.textContent = this.#label;
    this.#voice.textContent = "";
    this.#paint();
    this.dispatchEvent(new CustomEvent("end"));
  }

  #finish() {
    const box = this.#box;
    this.stop();
    this.dispatchEvent(new CustomEvent("box", { detail: { box } }));
  }

  get #size() {
    return { width: this.#picture.naturalWidth, height: this.#picture.naturalHeight };
  }

  #place(event) {
    const { left, top, width } = this.#sheet.getBoundingClientRect();
    const { scale, x, y } = fit(this.#size, width);
    return [(event.clientX - left - x) / scale, (event.clientY - top - y) / scale];
  }

  #down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.#frame.setPointerCapture(event.pointerId);
    this.#from = { place: this.#place(event), x: event.clientX, y: event.clientY };
  }

  #move(event) {
    if (!this.#from) return;
    this.#box = boxBetween(this.#from.place, this.#place(event), this.#size);
    this.#paint();
  }

  #up(event) {
    if (!this.#from) return;
    const { x, y } = this.#from;
    this.#from = null;
    if (Math.max(Math.abs(event.clientX - x), Math.abs(event.clientY - y)) < LEAST) {
      this.#box = null;
      this.stop();
    } else {
      this.#finish();
    }
  }

  #press(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // the keys of the page would judge or clear
    if (event.key in ways) {
      this.#box = nudge(this.#box, ways[event.key], event.shiftKey, this.#size);
      this.#voice.textContent = words.picture.place(this.#box, this.#size);
    } else if (event.key === "Enter") this.#finish();
    else if (event.key === "Escape") this.stop();
    else return;
    event.preventDefault(); // no scrolling
    this.#paint();
  }

  #paint() {
    const side = this.#sheet.clientWidth;
    const { scale, x, y } = fit(this.#size, side);
    this.#mark.hidden = !this.#box;
    if (this.#box) {
      const [left, top, right, bottom] = this.#box;
      Object.assign(this.#mark.style, {
        left: `${x + left * scale}px`,
        top: `${y + top * scale}px`,
        width: `${(right - left) * scale}px`,
        height: `${(bottom - top) * scale}px`,
      });
    }
    const ratio = devicePixelRatio;
    this.#outline.width = this.#outline.height = Math.round(side * ratio); // which clears it
    if (!this.#shown?.ink || this.isOn) return;
    const { ink, found, aside, paper } = this.#shown;
    const size = [ink.box[2] - ink.box[0], ink.box[3] - ink.box[1]];
    const from = [ink.box[0], ink.box[1], ...size];
    const placed = ([left, top, right, bottom]) => [
      x + left * scale,
      y + top * scale,
      (right - left) * scale,
      (bottom - top) * scale,
    ];
    const to = placed(found);
    const ring = (width, color) => {
      const layer = new OffscreenCanvas(this.#outline.width, this.#outline.height);
      const context = layer.getContext("2d");
      context.scale(ratio, ratio);
      const draw = (dx, dy) =>
        context.drawImage(ink.canvas, ...from, to[0] + dx, to[1] + dy, to[2], to[3]);
      for (const turn of ALL_AROUND) draw(width * Math.cos(turn), width * Math.sin(turn));
      context.globalCompositeOperation = "source-in";
      context.fillStyle = color;
      context.fillRect(0, 0, side, side);
      context.globalCompositeOperation = "destination-out";
      draw(0, 0);
      return layer;
    };
    const context = this.#outline.getContext("2d");
    context.save();
    context.scale(ratio, ratio);
    if (paper) {
      context.fillStyle = `rgb(${paper.join(" ")} / ${VEIL})`;
      for (const each of aside) context.fillRect(...placed(each));
      context.clearRect(...to); // a circle lies around the digit
    }
    context.restore();
    context.drawImage(ring(WIDTH + 1, "white"), 0, 0);
    context.drawImage(ring(WIDTH, getComputedStyle(this.#outline).color), 0, 0);
  }
}
