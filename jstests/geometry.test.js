import assert from "node:assert/strict";
import test from "node:test";

import {
  PAD_SIZE,
  curvePiece,
  distance,
  isNear,
  midpoint,
  simplify,
  toLists,
  toPad,
  toTimedLists,
  widthAt,
} from "../static/js/geometry.js";

const zigzag = (count) =>
  Array.from({ length: count }, (_, index) => ({ x: index / 10, y: index % 2 }));

test("two points have a midpoint and a distance", () => {
  assert.deepEqual(midpoint({ x: 0, y: 2 }, { x: 4, y: 4 }), { x: 2, y: 3 });
  assert.equal(distance({ x: 0, y: 0 }, { x: 3, y: 4 }), 5);
});

test("a place on the pad does not depend on the pad's size on the screen", () => {
  const small = toPad(20, 30, { left: 10, top: 10, width: 40, height: 40 });
  const large = toPad(210, 310, { left: 10, top: 10, width: 800, height: 600 });
  assert.deepEqual(small, { x: 70, y: 140 });
  assert.deepEqual(large, { x: 70, y: 140 });
});

test("a place on the pad is rounded to a tenth of a unit", () => {
  assert.deepEqual(toPad(100, 200, { left: 0, top: 0, width: 333, height: 333 }), {
    x: 84.1,
    y: 168.2,
  });
});

test("a pointer that leaves the pad draws along its edge", () => {
  const rectangle = { left: 0, top: 0, width: 100, height: 100 };
  assert.deepEqual(toPad(-50, 120, rectangle), { x: 0, y: PAD_SIZE });
});

test("the pieces of a curve join and lead from the first point to the last", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 10, y: 10 },
    { x: 20, y: 30 },
  ];
  const pieces = points.map((_, index) => curvePiece(points, index));
  assert.deepEqual(pieces[0].from, points[0]);
  assert.deepEqual(pieces.at(-1).to, points.at(-1));
  for (const [index, piece] of pieces.slice(1).entries())
    assert.deepEqual(piece.from, pieces[index].to);
});

test("a curve bends at each point of the stroke", () => {
  const points = zigzag(5);
  assert.deepEqual(
    points.map((_, index) => curvePiece(points, index).control),
    points,
  );
});

test("a single point is a curve of length zero", () => {
  const point = { x: 3, y: 4 };
  assert.deepEqual(curvePiece([point], 0), { from: point, control: point, to: point });
});

test("pressure makes the line thinner or wider, and without pressure it has the width of the pen", () => {
  assert.equal(widthAt({ x: 0, y: 0 }, 20), 20);
  assert.equal(widthAt({ x: 0, y: 0, pressure: 0.1 }, 20), 12);
  assert.equal(widthAt({ x: 0, y: 0, pressure: 1 }, 20), 30);
});

test("a stroke is near what its line passes, ends and pen width included", () => {
  const stroke = {
    points: [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ],
    width: 20,
  };
  assert.equal(isNear(stroke, { x: 50, y: 21 }, 12), true);
  assert.equal(isNear(stroke, { x: 50, y: 23 }, 12), false);
  assert.equal(isNear(stroke, { x: 121, y: 0 }, 12), true);
  assert.equal(isNear({ points: [{ x: 5, y: 5 }], width: 2 }, { x: 5, y: 6 }, 1), true);
});

test("simplifying leaves out points on a line and keeps the corner", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 5, y: 0 },
    { x: 10, y: 0 },
    { x: 10, y: 10 },
  ];
  assert.deepEqual(simplify(points, 0.1), [points[0], points[2], points[3]]);
});

test("simplifying keeps a closed loop, which ends where it begins", () => {
  const loop = [0, 1, 2, 3, 4].map((index) => ({
    x: Math.round(10 * Math.cos((index * Math.PI) / 2)),
    y: Math.round(10 * Math.sin((index * Math.PI) / 2)),
  }));
  assert.equal(simplify(loop, 0.1).length, 5);
});

test("simplifying a scribble of 100,000 points does not overflow the stack", () => {
  assert.equal(simplify(zigzag(100_000), 2).length, 2);
});

test("a drawing within the limit is sent with all its points", () => {
  const strokes = [{ width: 18, points: zigzag(50) }];
  assert.deepEqual(
    toLists(strokes),
    strokes.map(({ points }) => points.map(({ x, y }) => [x, y])),
  );
});

test("a line of two points is sent with its middle, so that it cannot be taken for coordinates", () => {
  const points = [
    { x: 40, y: 140 },
    { x: 240, y: 141 },
  ];
  assert.deepEqual(toLists([{ points }]), [
    [
      [40, 140],
      [140, 140.5],
      [240, 141],
    ],
  ]);
});

test("pressure is sent if the pen reports it", () => {
  assert.deepEqual(toLists([{ points: [{ x: 1, y: 2, pressure: 0.7 }] }]), [[[1, 2, 0.7]]]);
});

test("a drawing beyond the limit is simplified until it fits", () => {
  const lists = toLists([{ points: zigzag(900) }, { points: zigzag(900) }], 1000);
  assert.equal(lists.length, 2);
  assert.ok(lists.flat().length <= 1000);
  assert.deepEqual(lists[0][0], [0, 0]);
});

test("times are sent as milliseconds since the first point, behind a pressure of 0.5 where none is measured", () => {
  const first = { x: 1, y: 2, time: 1_700_000_000_000 };
  const strokes = [
    { points: [first, { ...first, y: 9, time: first.time + 16, pressure: 0.7 }] },
    { points: [{ ...first, time: first.time + 400 }] },
  ];
  assert.deepEqual(toTimedLists(strokes), [
    [
      [1, 2, 0.5, 0],
      [1, 5.5, 0.7, 16],
      [1, 9, 0.7, 16],
    ],
    [[1, 2, 0.5, 400]],
  ]);
});

test("times never run back and never exceed a day, whatever the clock did", () => {
  const at = (time) => ({ points: [{ x: 1, y: 2, time }] });
  const lists = toTimedLists([at(5000), at(4000), at(6000), at(5000 + 1e9)]);
  assert.deepEqual(
    lists.map(([point]) => point[3]),
    [0, 0, 1000, 86_400_000],
  );
});

test("a drawing that was kept by a page without times is sent without them", () => {
  const strokes = [{ points: [{ x: 1, y: 2 }] }, { points: [{ x: 3, y: 4, time: 5 }] }];
  assert.deepEqual(toTimedLists(strokes), toLists(strokes));
});
