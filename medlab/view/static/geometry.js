// Where an array element lies on the screen, and what lies under a point of the screen.

/** How a plane is read from its array-order values into display rows and columns. */
export function reading(scene, axis) {
  const plane = scene.planes.find((p) => p.axis === axis);
  const lengths = scene.grid.slice(1);
  const [first, second] = [0, 1, 2].filter((a) => a !== axis);
  const stride = { [first]: lengths[second], [second]: 1 };
  const rows = lengths[plane.down];
  const cols = lengths[plane.across];
  return {
    plane,
    rows,
    cols,
    start: (plane.flipDown ? (rows - 1) * stride[plane.down] : 0) + (plane.flipAcross ? (cols - 1) * stride[plane.across] : 0),
    rowStride: stride[plane.down] * (plane.flipDown ? -1 : 1),
    colStride: stride[plane.across] * (plane.flipAcross ? -1 : 1),
    tall: scene.spacing[plane.down],
    wide: scene.spacing[plane.across],
  };
}

/** Display row and column of an array position, as continuous coordinates of the voxel's centre. */
export function placeOf(read, position) {
  const { plane, rows, cols } = read;
  const row = position[plane.down];
  const col = position[plane.across];
  return [(plane.flipDown ? rows - 1 - row : row) + 0.5, (plane.flipAcross ? cols - 1 - col : col) + 0.5];
}

/** Array position under display row and column, null outside the picture. */
export function positionAt(read, row, col, position) {
  const { plane, rows, cols } = read;
  const [r, c] = [Math.floor(row), Math.floor(col)];
  if (r < 0 || c < 0 || r >= rows || c >= cols) return null;
  const found = [...position];
  found[plane.down] = plane.flipDown ? rows - 1 - r : r;
  found[plane.across] = plane.flipAcross ? cols - 1 - c : c;
  return found;
}

/** Pixels per millimetre at which a plane just fits. */
export function fitted(read, width, height) {
  return Math.min(width / (read.cols * read.wide), height / (read.rows * read.tall));
}

/** The rectangle {x, y, w, h} a plane takes on a screen of this size. */
export function rectangle(read, width, height, view) {
  const scale = view.scale * view.zoom;
  const w = read.cols * read.wide * scale;
  const h = read.rows * read.tall * scale;
  return { x: (width - w) / 2 + view.pan[0], y: (height - h) / 2 + view.pan[1], w, h };
}

/** Index in the original image of an index in this one (they differ where a page was reduced). */
export function original(scene, axis, index) {
  const [offset, factor] = scene.sampling?.[axis] ?? [0, 1];
  return offset + factor * index;
}

/** Patient position (x, y, z) in mm of an array position. */
export function millimetres(scene, position) {
  const index = position.map((n, axis) => original(scene, axis, n));
  return scene.affine.map((row) => row[0] * index[0] + row[1] * index[1] + row[2] * index[2] + row[3]);
}

/** A round length, in mm, of at most `most`. */
export function roundLength(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= most) ?? power;
}
