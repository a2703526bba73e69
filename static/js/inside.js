// Inside the model: the digit, its edges, the hidden units beside the answers that they speak for, the eleven answers.
// A part of the digit can be covered, and a unit touched. Loaded when the visitor opens it.
//
// Events: "failure" with detail {problem}.

import { shortPercent } from "./answer.js";
import { whenColorsChange } from "./ink.js";
import { describe } from "./reading.js";
import { words } from "./words.js";

const PLACES = 14; // of the patch, along each side
const PATCH = 7; // pixels
// Where the maps stand around the digit: column and row, in the order of the model, clockwise from "to the right".
const COMPASS = [
  [2, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
  [0, 0],
  [1, 0],
  [2, 0],
];
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };
const MUTE = 0.05; // the strongest vote of a unit that says next to nothing
const FAINT = 0.12; // opacity of a unit that does not respond

const most = (values) =>
  values.reduce((best, value, index) => (value > values[best] ? index : best), 0);

/** The units (numbers from 0) that speak for each answer, the clearest first, without those that training left mute. */
export function groupUnits(votes) {
  const groups = Array.from({ length: 11 }, () => []);
  votes.forEach((each, unit) => {
    if (Math.max(...each) >= MUTE) groups[most(each)].push(unit);
  });
  groups.forEach((units, answer) => units.sort((a, b) => votes[b][answer] - votes[a][answer]));
  return groups;
}

/** The answers that a unit speaks for, or against if `sign` is -1: those at least half as strong as the strongest. */
export function spokenFor(votes, sign = 1) {
  const strongest = Math.max(...votes.map((vote) => sign * vote));
  return [...votes.keys()].filter((answer) => sign * votes[answer] >= strongest / 2);
}

/** What the page says of eleven shares, as one text; of its questions, only those that it answers. */
export function tellShares(shares) {
  return describe(asDrawing(shares))
    .filter((sentence) => sentence && sentence !== words.reading.isItOne)
    .map((sentence) => sentence.replace(/[\p{L}\d%]$/u, "$&."))
    .join(" ");
}

/** Eleven shares in the form of a drawing of the API, which reading.js describes. */
export function asDrawing(shares) {
  const strangeness = shares[10];
  const digits = shares.slice(0, 10);
  return {
    prediction: most(digits),
    is_digit: strangeness < 0.5,
    probabilities: digits.map((share) => share / Math.max(1 - strangeness, 1e-6)),
    strangeness,
  };
}

export class Inside extends EventTarget {
  #api;
  #parts = {};
  #drawing = null;
  #data = null;
  #otherwise = ""; // told without data
  #groups = [];
  #layout = null; // of the units, as they are painted
  #place = 0; // of the patch, from 1; 0: nothing is covered
  #unit = 0; // the touched one, from 1 in the order on the screen; 0: none

  /** `root` holds the parts of _inside.html. */
  constructor(root, api = null) {
    super();
    this.#api = api;
    if (root.dataset.style) loadStyle(root.dataset.style);
    for (const part of root.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    const { digit, units } = this.#parts;
    this.#listen(digit, PLACES, (event) => this.#cover(placeAt(event, digit)));
    this.#listen(units, 1, (event) => this.#touch(this.#unitAt(event)));
    whenColorsChange(() => this.#paint());
    new ResizeObserver(() => this.#paint()).observe(root);
  }

  /** Shows another drawing of the API; null clears the pictures, which never show another digit. */
  async show(drawing) {
    this.#drawing = drawing;
    this.draw(null, drawing ? words.reading.reading : words.reading.first);
    if (!drawing) return;
    try {
      const data = await this.#api.explain(drawing.id);
      if (drawing === this.#drawing) this.draw(data);
    } catch (problem) {
      if (drawing !== this.#drawing) return;
      this.draw(null);
      this.dispatchEvent(new CustomEvent("failure", { detail: { problem } }));
    }
  }

  /** Paints an explanation of the API, or says without one something else. */
  draw(data, otherwise = "") {
    this.#data = data;
    this.#otherwise = otherwise;
    this.#groups = data ? groupUnits(data.votes) : [];
    this.#place = this.#unit = 0;
    this.#paint();
  }

  #listen(canvas, stride, point) {
    for (const name of ["pointerdown", "pointermove"]) canvas.addEventListener(name, point);
    canvas.addEventListener("pointerleave", ({ pointerType }) => {
      // A finger covers while it lies there; a unit that it touched stays chosen.
      if (pointerType === "mouse" || canvas === this.#parts.digit) this.#choose(canvas, 0);
    });
    canvas.addEventListener("keydown", (event) => {
      const isDown = event.key === "ArrowDown" || event.key === "ArrowUp";
      const step = (STEPS[event.key] ?? 0) * (isDown ? stride : 1);
      if (!step && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      const [now, last] =
        canvas === this.#parts.digit ? [this.#place, PLACES ** 2] : [this.#unit, this.#last];
      this.#choose(canvas, step ? Math.min(Math.max(now + step, 1), last) : 0);
    });
  }

  get #last() {
    return this.#groups.flat().length;
  }

  #choose(canvas, value) {
    if (canvas === this.#parts.digit) this.#cover(value);
    else this.#touch(value);
  }

  #cover(place) {
    if (place === this.#place) return;
    this.#place = place;
    this.#unit = 0;
    this.#paint();
  }

  #touch(unit) {
    if (unit === this.#unit) return;
    this.#unit = unit;
    this.#place = 0;
    this.#paint();
  }

  #paint() {
    const { digit, edges, units, told } = this.#parts;
    for (const canvas of [digit, edges, units])
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    told.textContent = this.#tell();
    tellValue(digit, this.#place, PLACES ** 2, told.textContent);
    tellValue(units, this.#unit, this.#last, told.textContent);
    if (!this.#data) return;
    this.#paintDigit(digit);
    this.#paintEdges(edges);
    this.#paintUnits(units);
  }

  get #answers() {
    const { answers, covered } = this.#data;
    const place = this.#place - 1;
    return place < 0 ? answers : covered[Math.floor(place / PLACES)][place % PLACES];
  }

  get #chosen() {
    return this.#unit ? this.#groups.flat()[this.#unit - 1] : null;
  }

  #tell() {
    if (!this.#data) return this.#otherwise;
    const unit = this.#chosen;
    if (unit !== null) {
      const { votes, units } = this.#data;
      const share = units[unit] / Math.max(...units, 1e-6);
      return words.inside.unit(unit + 1, spokenFor(votes[unit]), spokenFor(votes[unit], -1), share);
    }
    const sentence = tellShares(this.#answers);
    if (this.#place) return words.inside.covered(sentence);
    return this.#drawing?.personal ? words.inside.alone(sentence) : sentence;
  }

  #paintDigit(canvas) {
    const context = prepare(canvas);
    this.#data.digit.forEach((row, y) => paintRow(context, row, 0, y, 255));
    if (!this.#place) return;
    const [x, y] = [(this.#place - 1) % PLACES, Math.floor((this.#place - 1) / PLACES)].map(
      (index) => 2 * index + 1 - (PATCH - 1) / 2,
    );
    context.globalAlpha = 0.8;
    context.fillRect(x, y, PATCH, PATCH);
    context.clearRect(x + 1, y + 1, PATCH - 2, PATCH - 2);
  }

  #paintEdges(canvas) {
    const context = prepare(canvas);
    const { edges } = this.#data;
    const strongest = Math.max(...edges.flat(2), 1e-6);
    edges.forEach((map, direction) => {
      const [column, row] = COMPASS[direction].map((index) => 10 * index);
      map.forEach((values, y) => paintRow(context, values, column, row + y, strongest));
    });
  }

  #paintUnits(canvas) {
    const layout = layOut(canvas, this.#groups);
    this.#layout = layout;
    canvas.style.height = `${layout.height}px`;
    canvas.width = Math.round(layout.width * devicePixelRatio);
    canvas.height = Math.round(layout.height * devicePixelRatio);
    const context = prepare(canvas);
    context.scale(devicePixelRatio, devicePixelRatio);
    context.font = `${layout.font}px ${getComputedStyle(canvas).fontFamily}`;
    context.textBaseline = "middle";
    const { units } = this.#data;
    const strongest = Math.max(...units, 1e-6);
    const chosen = this.#chosen;
    for (const { unit, x, y } of layout.squares) {
      context.globalAlpha = FAINT + (1 - FAINT) * (units[unit] / strongest);
      context.fillRect(x, y, layout.side - 1, layout.side - 1);
      if (unit !== chosen) continue;
      context.globalAlpha = 1;
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, layout.side + 1, layout.side + 1);
    }
    context.globalAlpha = 1;
    const votes = chosen === null ? null : this.#data.votes[chosen];
    this.#groups.forEach((_, answer) => this.#paintAnswer(context, layout, answer, votes));
  }

  #paintAnswer(context, layout, answer, votes) {
    const y = (answer + 0.5) * layout.row;
    context.fillText(words.inside.row(answer), 0, y);
    const { bars, width, row, font } = layout;
    if (votes) {
      const half = (width - bars) / 2;
      const length = (half * votes[answer]) / Math.max(...votes.map(Math.abs), 1e-6);
      context.fillRect(bars + half, y - row / 4, length, row / 2);
      context.fillRect(bars + half - 0.5, y - row / 2, 1, row);
      return;
    }
    const share = this.#answers[answer];
    const longest = width - bars - 2 * font;
    context.fillRect(bars, y - row / 4, Math.max(share * longest, 1), row / 2);
    context.fillText(shortPercent(share), bars + share * longest + font / 3, y);
  }

  #unitAt(event) {
    const { squares = [], side } = this.#layout ?? {};
    const box = event.target.getBoundingClientRect();
    const [x, y] = [event.clientX - box.x, event.clientY - box.y];
    const index = squares.findIndex(
      (each) => x >= each.x && x < each.x + side && y >= each.y && y < each.y + side,
    );
    return index + 1;
  }
}

function loadStyle(href) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

function placeAt(event, canvas) {
  const box = canvas.getBoundingClientRect();
  const index = (from, length) => Math.floor((PLACES * from) / length);
  const column = index(event.clientX - box.x, box.width);
  const row = index(event.clientY - box.y, box.height);
  const isInside = Math.min(column, row) >= 0 && Math.max(column, row) < PLACES;
  return isInside ? row * PLACES + column + 1 : 0;
}

/** One row for each answer: its name, two lines of squares, and room for a bar. Lengths in CSS pixels. */
function layOut(canvas, groups) {
  const width = canvas.clientWidth;
  const font = parseFloat(getComputedStyle(canvas).fontSize);
  const start = 2.75 * font;
  const columns = Math.ceil(Math.max(...groups.map((units) => units.length)) / 2);
  const side = Math.max(Math.floor((0.72 * (width - start)) / columns), 3);
  const row = Math.max(2 * side + 4, Math.ceil(font) + 2);
  const squares = groups.flatMap((units, answer) =>
    units.map((unit, index) => ({
      unit,
      x: start + side * Math.floor(index / 2),
      y: answer * row + (row - 2 * side) / 2 + side * (index % 2),
    })),
  );
  const bars = start + columns * side + font / 2;
  return { width, font, side, row, squares, bars, height: groups.length * row };
}

function prepare(canvas) {
  const context = canvas.getContext("2d");
  context.fillStyle = context.strokeStyle = getComputedStyle(canvas).color;
  return context;
}

function paintRow(context, values, column, row, strongest) {
  values.forEach((value, index) => {
    context.globalAlpha = value / strongest;
    context.fillRect(column + index, row, 1, 1);
  });
}

function tellValue(canvas, now, last, text) {
  canvas.setAttribute("aria-valuemin", "0");
  canvas.setAttribute("aria-valuemax", String(last));
  canvas.setAttribute("aria-valuenow", String(now));
  canvas.setAttribute("aria-valuetext", text);
}
