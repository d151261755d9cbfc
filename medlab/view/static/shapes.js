// Boxes, ellipses, points and lengths on a slice, and what the brush covers. Places are (row, column) of the
// array counted from the outer edge of its first voxel: voxel n reaches from n to n + 1.

/** Set the voxels whose centres lie within `radius` (mm) of the line between two places, and the one pointed at. */
export function dab(codes, scene, from, to, radius, code) {
  const [, , J, I] = scene.grid;
  const [dy, dx] = scene.spacing.slice(1);
  const [ay, ax, by, bx] = [from[0] * dy, from[1] * dx, to[0] * dy, to[1] * dx];
  const [vy, vx] = [by - ay, bx - ax];
  const square = vy * vy + vx * vx;
  const first = (low, step) => Math.max(0, Math.floor((low - radius) / step) - 1);
  const last = (high, step, count) => Math.min(count - 1, Math.ceil((high + radius) / step) + 1);
  for (let j = first(Math.min(ay, by), dy); j <= last(Math.max(ay, by), dy, J); j++) {
    for (let i = first(Math.min(ax, bx), dx); i <= last(Math.max(ax, bx), dx, I); i++) {
      const [y, x] = [(j + 0.5) * dy - ay, (i + 0.5) * dx - ax];
      const t = square ? Math.min(Math.max((y * vy + x * vx) / square, 0), 1) : 0;
      if (Math.hypot(y - t * vy, x - t * vx) <= radius) codes[j * I + i] = code;
    }
  }
  const [j, i] = [Math.floor(to[0]), Math.floor(to[1])];
  if (j >= 0 && i >= 0 && j < J && i < I) codes[j * I + i] = code;
}

/** A shape as it is stored: corners in order and inside the image, boxes along the voxels' edges; null if it is nothing. */
export function settled(shape, scene) {
  const [, , J, I] = scene.grid;
  const inside = ([j, i]) => [Math.min(Math.max(j, 0), J), Math.min(Math.max(i, 0), I)];
  const points = shape.points.map(inside);
  if (shape.kind === "point") return { ...shape, points: points.slice(0, 1) };
  if (shape.kind === "length") return distance(points, scene) > 0 ? { ...shape, points } : null;
  const [[a, b], [c, d]] = points;
  const snap = shape.kind === "box" ? [Math.floor, Math.ceil] : [Number, Number];
  const low = [Math.min(a, c), Math.min(b, d)].map(snap[0]);
  const high = [Math.max(a, c), Math.max(b, d)].map(snap[1]);
  return high[0] > low[0] && high[1] > low[1] ? { ...shape, points: [low, high] } : null;
}

/** Places of the handles of a shape. */
export function handles({ kind, points }) {
  if (kind === "point" || kind === "length") return points;
  return [0, 1, 2, 3].map((n) => [points[n >> 1][0], points[n & 1][1]]);
}

/** The shape with a handle moved to a place. */
export function pulled(shape, handle, [j, i]) {
  const points = shape.points.map((p) => [...p]);
  if (shape.kind === "point" || shape.kind === "length") points[handle] = [j, i];
  else {
    points[handle >> 1][0] = j;
    points[handle & 1][1] = i;
  }
  return { ...shape, points };
}

export function moved(shape, [dj, di]) {
  const step = shape.kind === "box" ? Math.round : Number;
  return { ...shape, points: shape.points.map(([j, i]) => [j + step(dj), i + step(di)]) };
}

/** Distance between two places in the unit of length; along the axes only, so without shear. */
export function distance([[a, b], [c, d]], scene) {
  return Math.hypot((c - a) * scene.spacing[1], (d - b) * scene.spacing[2]);
}

export function area({ kind, points: [[a, b], [c, d]] }, scene) {
  return (c - a) * (d - b) * scene.spacing[1] * scene.spacing[2] * (kind === "ellipse" ? Math.PI / 4 : 1);
}

/** Mean and standard deviation of the values whose voxel centres lie in a box or an ellipse. */
export function spread({ kind, points: [[a, b], [c, d]] }, valueAt) {
  let [n, mean, sum] = [0, 0, 0];
  for (let j = Math.ceil(a - 0.5); j < c - 0.5; j++) {
    for (let i = Math.ceil(b - 0.5); i < d - 0.5; i++) {
      const [y, x] = [(2 * (j + 0.5) - a - c) / (c - a), (2 * (i + 0.5) - b - d) / (d - b)];
      if (kind === "ellipse" && y * y + x * x > 1) continue;
      const value = valueAt(j, i);
      const gap = value - mean;
      mean += gap / ++n;
      sum += gap * (value - mean);
    }
  }
  return n ? { mean, sd: Math.sqrt(sum / n) } : null;
}
