// The geometry of strokes, without the DOM: distances, boxes, smooth curves, and the lists that the API takes.
//
// A point is {x, y} with an optional pressure (0 to 1) and time (ms of the epoch); a stroke is {points, width}. Units:
// the pad is a square of PAD_SIZE units, whatever its size on the screen, so that a pen width means the same everywhere.

export const PAD_SIZE = 280;

/** The server accepts at most so many points in one drawing. */
export const MAX_POINTS = 20_000;

const MAX_MS = 24 * 60 * 60 * 1000; // the server accepts no longer drawing
const NO_PRESSURE = 0.5; // as Pointer Events have it where a device measures none

export const midpoint = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

export const distance = (a, b) => Math.hypot(b.x - a.x, b.y - a.y);

/** Rounds to tenths of a unit: finer than a screen shows, in a third of the bytes. */
export const roundTenth = (value) => Math.round(value * 10) / 10;

/** A place on the screen (CSS pixels) as a place on the pad, kept inside the square. */
export function toPad(clientX, clientY, rectangle) {
  const place = (value, start, length) =>
    roundTenth(Math.min(Math.max((value - start) / length, 0), 1) * PAD_SIZE);
  return {
    x: place(clientX, rectangle.left, rectangle.width),
    y: place(clientY, rectangle.top, rectangle.height),
  };
}

/**
 * One piece of the smooth curve through a stroke, which runs from midpoint to midpoint with the points as controls.
 * Piece `index` starts where piece `index - 1` ends, so that a stroke can be painted while it grows.
 */
export function curvePiece(points, index) {
  const last = points.length - 1;
  const control = points[index];
  const from = index === 0 ? control : midpoint(points[index - 1], control);
  const to = index === last ? control : midpoint(control, points[index + 1]);
  return { from, control, to };
}

/** The width of the line: 0.5 to 1.5 pen widths by pressure, or one where the device reports none. */
export const widthAt = (point, penWidth) =>
  point.pressure === undefined ? penWidth : penWidth * (0.5 + point.pressure);

function distanceToSegment(point, start, end) {
  const length = distance(start, end);
  if (length === 0) return distance(point, start);
  const along =
    ((point.x - start.x) * (end.x - start.x) + (point.y - start.y) * (end.y - start.y)) /
    length ** 2;
  const clamped = Math.min(Math.max(along, 0), 1);
  return distance(point, {
    x: start.x + clamped * (end.x - start.x),
    y: start.y + clamped * (end.y - start.y),
  });
}

/** Whether a stroke passes within `reach` units of a point. */
export function isNear({ points, width }, point, reach) {
  return points.some(
    (end, index) => distanceToSegment(point, points[index - 1] ?? end, end) < reach + width / 2,
  );
}

/** Leaves out points at most `tolerance` away from the line through the others (Ramer, Douglas and Peucker). */
export function simplify(points, tolerance) {
  if (points.length < 3) return [...points];
  const kept = new Set([0, points.length - 1]);
  const open = [[0, points.length - 1]]; // recursion would overflow the stack on a long scribble
  while (open.length > 0) {
    const [first, last] = open.pop();
    let farthest = -1;
    let most = tolerance;
    for (let index = first + 1; index < last; index += 1) {
      const off = distanceToSegment(points[index], points[first], points[last]);
      if (off > most) [farthest, most] = [index, off];
    }
    if (farthest < 0) continue;
    kept.add(farthest);
    open.push([first, farthest], [farthest, last]);
  }
  return points.filter((_, index) => kept.has(index));
}

const countPoints = (strokes) => strokes.reduce((sum, stroke) => sum + stroke.points.length, 0);

/** Adds its middle to a line of two points, which could be read as [[x, x], [y, y]]. */
const withMiddle = (points) =>
  points.length === 2 ? [points[0], { ...points[1], ...midpoint(...points) }, points[1]] : points;

/** The points of each stroke, simplified only if there are more than `maxPoints`. */
function fit(strokes, maxPoints) {
  let fitting = strokes;
  for (let tolerance = 0.1; countPoints(fitting) > maxPoints; tolerance *= 2) {
    fitting = strokes.map((stroke) => ({ ...stroke, points: simplify(stroke.points, tolerance) }));
    if (tolerance > PAD_SIZE) break; // only the ends are left
  }
  return fitting.map(({ points }) => withMiddle(points));
}

/** The strokes as lists of [x, y] or [x, y, pressure]. */
export const toLists = (strokes, maxPoints = MAX_POINTS) =>
  fit(strokes, maxPoints).map((points) =>
    points.map(({ x, y, pressure }) => (pressure === undefined ? [x, y] : [x, y, pressure])),
  );

/** The strokes as lists of [x, y, pressure, ms since the first point], if all points have a time. */
export function toTimedLists(strokes) {
  if (strokes.some(({ points }) => points.some(({ time }) => time === undefined)))
    return toLists(strokes);
  const fitting = fit(strokes, MAX_POINTS);
  let ms = 0; // never less than before, even if a clock was set back
  return fitting.map((points) =>
    points.map(({ x, y, pressure = NO_PRESSURE, time }) => {
      ms = Math.min(Math.max(time - fitting[0][0].time, ms), MAX_MS);
      return [x, y, pressure, ms];
    }),
  );
}
