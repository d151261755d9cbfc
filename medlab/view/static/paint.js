// Values to colours; paint.py does the same arithmetic.

/** From stored values to RGBA words for one window. */
export class Palette {
  constructor(scene) {
    this.scene = scene;
    this.words = new Uint32Array(256); // grey level -> RGBA, little-endian
    this.table = scene.dtype === "float32" ? null : new Uint32Array(scene.dtype === "uint8" ? 256 : 65536);
    this.key = "";
  }

  set(centre, width, inverted) {
    const key = `${centre}:${width}:${inverted}`;
    if (key === this.key) return;
    this.key = key;
    this.low = centre - width / 2;
    this.factor = 255 / width;
    for (let n = 0; n < 256; n++) {
      const level = inverted ? 255 - n : n;
      const [r, g, b] = this.scene.table?.[level] ?? [level, level, level];
      this.words[n] = word(r, g, b);
    }
    if (!this.table) return;
    const signed = this.scene.dtype === "int16";
    for (let n = 0; n < this.table.length; n++) this.table[n] = this.words[this.level(this.value(signed ? (n << 16) >> 16 : n))];
  }

  /** The value a stored number stands for. */
  value(stored) {
    return this.scene.levels ? this.scene.levels[stored] : stored;
  }

  level(value) {
    const level = Math.floor((value - this.low) * this.factor + 0.5);
    return level > 0 ? Math.min(level, 255) : 0;
  }
}

/** Paint a plane into RGBA words, in display order. */
export function paintImage(image, read, palette, out) {
  const { table } = palette;
  if (palette.scene.colour) paintColours(image, read, table, out);
  else if (!table) paintNumbers(image, read, palette, out);
  else if (image.BYTES_PER_ELEMENT === 1) paintBytes(image, read, table, out);
  else paintShorts(new Uint16Array(image.buffer, image.byteOffset, image.length), read, table, out);
}

// One loop for each type of values: a loop that meets several runs at half the speed.

function paintShorts(image, { rows, cols, start, rowStride, colStride }, table, out) {
  for (let r = 0, n = 0; r < rows; r++) {
    let at = start + r * rowStride;
    for (let c = 0; c < cols; c++, at += colStride, n++) out[n] = table[image[at]];
  }
}

function paintBytes(image, { rows, cols, start, rowStride, colStride }, table, out) {
  for (let r = 0, n = 0; r < rows; r++) {
    let at = start + r * rowStride;
    for (let c = 0; c < cols; c++, at += colStride, n++) out[n] = table[image[at]];
  }
}

function paintNumbers(image, { rows, cols, start, rowStride, colStride }, palette, out) {
  const { words } = palette;
  for (let r = 0, n = 0; r < rows; r++) {
    let at = start + r * rowStride;
    for (let c = 0; c < cols; c++, at += colStride, n++) out[n] = words[palette.level(image[at])];
  }
}

function paintColours(image, { rows, cols, start, rowStride, colStride }, table, out) {
  for (let r = 0, n = 0; r < rows; r++) {
    let at = 3 * (start + r * rowStride);
    for (let c = 0; c < cols; c++, at += 3 * colStride, n++) {
      out[n] = word(table[image[at]] & 255, table[image[at + 1]] & 255, table[image[at + 2]] & 255);
    }
  }
}

/** Paint b − a in the colours of `contrast`; `palettes` tell the values that stored numbers stand for. */
export function paintDifference(a, b, read, palettes, contrast, out) {
  const { rows, cols, start, rowStride, colStride } = read;
  let n = 0;
  for (let r = 0; r < rows; r++) {
    let at = start + r * rowStride;
    for (let c = 0; c < cols; c++, at += colStride, n++) {
      const difference = palettes[1].value(b[at]) - palettes[0].value(a[at]);
      out[n] = Number.isNaN(difference) ? 0 : contrast.words[contrast.level(difference)];
    }
  }
}

/** Make the pixels transparent where a plane of codes is not 0. */
export function erase(codes, read, out) {
  const { rows, cols, start, rowStride, colStride } = read;
  let n = 0;
  for (let r = 0; r < rows; r++) {
    let at = start + r * rowStride;
    for (let c = 0; c < cols; c++, at += colStride, n++) if (codes[at]) out[n] = 0;
  }
}

/** Paint a layer of codes; `colours` maps a code to an RGBA word, 0 for those not shown. */
export function paintMask(codes, read, colours, out) {
  paintBytes(codes, read, colours, out);
}

/** Outlines of all codes in a plane, code -> path in display columns and rows, along the voxels' borders. */
export function outlines(codes, read) {
  const { rows, cols, start, rowStride, colStride } = read;
  const wide = cols + 2;
  const padded = new Uint8Array(wide * (rows + 2));
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) padded[(r + 1) * wide + c + 1] = codes[start + r * rowStride + c * colStride];
  }
  const paths = new Map();
  const pathOf = (code) => paths.get(code) ?? paths.set(code, new Path2D()).get(code);
  const scan = (outer, inner, before, after, line) => {
    for (let o = 0; o <= outer; o++) {
      let [from, a, b] = [0, 0, 0];
      for (let i = 0; i <= inner; i++) {
        const [x, y] = i < inner ? [padded[before(o, i)], padded[after(o, i)]] : [0, 0];
        if (x === a && y === b) continue;
        if (a !== b) for (const code of [a, b]) if (code) line(pathOf(code), o, from, i);
        [from, a, b] = [i, x, y];
      }
    }
  };
  scan(rows, cols, (r, c) => r * wide + c + 1, (r, c) => (r + 1) * wide + c + 1, (path, r, from, to) => {
    path.moveTo(from, r);
    path.lineTo(to, r);
  });
  scan(cols, rows, (c, r) => (r + 1) * wide + c, (c, r) => (r + 1) * wide + c + 1, (path, c, from, to) => {
    path.moveTo(c, from);
    path.lineTo(c, to);
  });
  return paths;
}

export function word(r, g, b) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

export function wordOf(hex) {
  return word(...[1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16)));
}
