// One plane on one canvas: the picture, what is written on it, and what the pointer does to it.
import { fitted, placeOf, positionAt, reading, rectangle, roundLength } from "./geometry.js";
import { outlines, paintImage, paintMask, wordOf } from "./paint.js";

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
export const PLANE_COLOURS = { axial: "#ff7b72", coronal: "#56d364", sagittal: "#f2cc60" };
const OTHER_COLOURS = ["#ff7b72", "#56d364", "#f2cc60"];

export class Pane {
  constructor(viewer, axis, image = 0) {
    this.viewer = viewer;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "medlab-pane";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.view = { zoom: 1, pan: [0, 0], scale: 1 };
    this.pictures = [];
    this.layers = [];
    this.painted = {};
    this.show(axis, image);
  }

  show(axis, image = 0) {
    this.image = image;
    if (axis === this.axis) return;
    this.axis = axis;
    this.read = reading(this.viewer.scene, axis);
    this.reset();
  }

  reset() {
    Object.assign(this.view, { zoom: 1, pan: [0, 0] });
  }

  get size() {
    return [this.canvas.clientWidth, this.canvas.clientHeight];
  }

  get fit() {
    const [width, height] = this.size;
    return fitted(this.read, Math.max(width - 8, 8), Math.max(height - 8, 8));
  }

  /** The images whose planes this pane shows. */
  get images() {
    return [this.image];
  }

  /** The plane of an image that is shown, or would be at another time and position. */
  need(image, { time, position } = { time: this.viewer.time, position: this.viewer.positionOf(this) }) {
    const last = this.viewer.stores[image].scene.grid[0] - 1;
    return { axis: this.axis, time: Math.min(time, last), index: position[this.axis], slice: position[0] };
  }

  /** Whether all that is shown, or would be there, has arrived. */
  has(place) {
    return this.images.every((image) => this.viewer.stores[image].has(this.need(image, place)));
  }

  get colour() {
    return PLANE_COLOURS[this.read.plane.name] ?? OTHER_COLOURS[this.axis];
  }

  /** Zoom so that the point (x, y) of the canvas stays where it is. */
  zoom(factor, x = this.size[0] / 2, y = this.size[1] / 2) {
    const zoom = Math.min(Math.max(this.view.zoom * factor, 0.2), 40);
    const ratio = zoom / this.view.zoom;
    const centre = this.size.map((n) => n / 2);
    this.view.pan = [x, y].map((p, n) => p - centre[n] - (p - centre[n] - this.view.pan[n]) * ratio);
    this.view.zoom = zoom;
  }

  /** Display row and column under a point of the canvas. */
  under(x, y) {
    const box = this.box;
    return [((y - box.y) / box.h) * this.read.rows, ((x - box.x) / box.w) * this.read.cols];
  }

  positionUnder(x, y) {
    return this.box ? positionAt(this.read, ...this.under(x, y), this.viewer.positionOf(this)) : null;
  }

  draw() {
    const [width, height] = this.size;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = "#000";
    ctx.fillRect(0, 0, width, height);
    this.view.scale = this.fit;
    this.box = rectangle(this.read, width, height, this.view);
    const planes = this.images.map((image) => this.viewer.stores[image].plane(this.need(image)));
    const here = planes.every(Boolean);
    if (here) {
      this.drawPicture(ctx, planes);
      const marked = this.viewer.store.plane(this.need(0));
      if (marked) this.drawMasks(ctx, marked);
    }
    this.drawMarks(ctx, width, height);
    if (!here) this.write(ctx, "loading …", width / 2, height / 2, "center", 13);
    const { axis, time, index } = this.need(this.image);
    this.canvas.dataset.drawn = here ? `${axis}:${time}:${index}` : "";
    this.canvas.dataset.box = JSON.stringify(this.box);
    this.canvas.setAttribute("aria-label", this.viewer.describe(this));
  }

  drawPicture(ctx, [plane]) {
    this.place(ctx, this.picture(this.image, plane));
  }

  place(ctx, picture) {
    const { x, y, w, h } = this.box;
    ctx.imageSmoothingEnabled = this.viewer.smooth;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(picture, x, y, w, h);
  }

  drawMasks(ctx, plane) {
    const { x, y, w, h } = this.box;
    if (this.viewer.outline) return this.drawOutlines(ctx, plane);
    this.paintMasks(plane);
    ctx.imageSmoothingEnabled = false;
    ctx.globalAlpha = this.viewer.opacity;
    this.layers.forEach((layer, n) => plane.masks[n] && ctx.drawImage(layer, x, y, w, h));
    ctx.globalAlpha = 1;
  }

  /** The picture of an image's plane, painted again only if something it depends on changed. */
  picture(image, plane) {
    const palette = this.viewer.palettes[image];
    return this.painting(image, [plane], palette.key, (words) => paintImage(plane.image, this.read, palette, words));
  }

  painting(name, planes, key, painter) {
    const held = (this.pictures[name] ??= { canvas: document.createElement("canvas"), planes: [] });
    if (held.key !== key || planes.some((plane, n) => plane !== held.planes[n])) this.fill(held.canvas, painter);
    Object.assign(held, { planes, key });
    return held.canvas;
  }

  paintMasks(plane) {
    const shown = [...this.viewer.hidden].join();
    if (this.painted.masks === plane.masks && this.painted.shown === shown) return;
    plane.masks.forEach((codes, layer) => {
      this.layers[layer] ??= document.createElement("canvas");
      const colours = this.colours(layer);
      if (codes) this.fill(this.layers[layer], (words) => paintMask(codes, this.read, colours, words));
    });
    Object.assign(this.painted, { masks: plane.masks, shown });
  }

  fill(canvas, painter) {
    const { rows, cols } = this.read;
    if (canvas.width !== cols || canvas.height !== rows) Object.assign(canvas, { width: cols, height: rows });
    if (this.sheet?.width !== cols || this.sheet.height !== rows) this.sheet = new ImageData(cols, rows);
    painter(new Uint32Array(this.sheet.data.buffer));
    canvas.getContext("2d").putImageData(this.sheet, 0, 0);
  }

  colours(layer) {
    const colours = new Uint32Array(256);
    this.viewer.scene.regions.forEach((region, n) => {
      if (region.layer === layer && !this.viewer.hidden.has(n)) colours[region.code] = wordOf(region.colour);
    });
    return colours;
  }

  drawOutlines(ctx, plane) {
    if (this.painted.outlined !== plane.masks) {
      this.paths = plane.masks.map((codes) => (codes ? outlines(codes, this.read) : new Map()));
      this.painted.outlined = plane.masks;
    }
    const { x, y, w, h } = this.box;
    const place = new DOMMatrix([w / this.read.cols, 0, 0, h / this.read.rows, x, y]);
    ctx.lineWidth = 1.5;
    ctx.lineCap = "round";
    this.viewer.scene.regions.forEach((region, n) => {
      const path = this.paths[region.layer]?.get(region.code);
      if (!path || this.viewer.hidden.has(n)) return;
      const placed = new Path2D();
      placed.addPath(path, place);
      ctx.strokeStyle = region.colour;
      ctx.stroke(placed);
    });
  }

  drawMarks(ctx, width, height) {
    if (this.viewer.three) {
      this.drawCrosshair(ctx, width, height);
      ctx.strokeStyle = this.colour;
      ctx.lineWidth = 2;
      ctx.strokeRect(1, 1, width - 2, height - 2);
    }
    const small = width < 200 || height < 110;
    this.drawLetters(ctx, width, height);
    this.write(ctx, this.viewer.placeText(this), 10, 16, "left", 12);
    if (small) return;
    const bars = this.viewer.bars(this);
    this.viewer.windowText(this).forEach((line, n, all) => this.write(ctx, line, 10, height - 12 - 16 * (all.length - 1 - n), "left", 12));
    if (height >= 240) bars.forEach((bar, n) => this.drawBar(ctx, bar, width - 14 - 80 * n, height));
    this.drawScale(ctx, width, height);
  }

  drawCrosshair(ctx, width, height) {
    const { x, y, w, h } = this.box;
    const [row, col] = placeOf(this.read, this.viewer.positionOf(this));
    const [px, py] = [x + (col / this.read.cols) * w, y + (row / this.read.rows) * h];
    const line = (axis, ...points) => {
      ctx.strokeStyle = PLANE_COLOURS[this.viewer.planeName(axis)] ?? OTHER_COLOURS[axis];
      ctx.beginPath();
      ctx.moveTo(points[0], points[1]);
      ctx.lineTo(points[2], points[3]);
      ctx.stroke();
    };
    ctx.lineWidth = 1;
    ctx.globalAlpha = 0.85;
    const gap = 8;
    line(this.read.plane.across, px, 0, px, py - gap);
    line(this.read.plane.across, px, py + gap, px, height);
    line(this.read.plane.down, 0, py, px - gap, py);
    line(this.read.plane.down, px + gap, py, width, py);
    ctx.globalAlpha = 1;
  }

  drawLetters(ctx, width, height) {
    const [top, right, bottom, left] = this.read.plane.letters;
    const { x, y, w, h } = this.box;
    const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
    const middle = [clamp(x + w / 2, 30, width - 30), clamp(y + h / 2, 30, height - 30)];
    this.write(ctx, top, middle[0], clamp(y + 14, 14, height - 14), "center", 14, true);
    this.write(ctx, bottom, middle[0], clamp(y + h - 12, 14, height - 12), "center", 14, true);
    this.write(ctx, left, clamp(x + 8, 8, width - 20), middle[1], "left", 14, true);
    this.write(ctx, right, clamp(x + w - 8, 20, width - 8), middle[1], "right", 14, true);
  }

  drawScale(ctx, width, height) {
    if (this.viewer.scene.space === "pixel") return;
    const scale = this.view.scale * this.view.zoom;
    const length = roundLength(Math.min(width * 0.25, 140) / scale);
    const pixels = length * scale;
    const [x, y] = [width - 14 - pixels, height - 12];
    const bar = () => {
      ctx.beginPath();
      ctx.moveTo(x, y - 5);
      ctx.lineTo(x, y);
      ctx.lineTo(x + pixels, y);
      ctx.lineTo(x + pixels, y - 5);
      ctx.stroke();
    };
    [["rgba(0,0,0,0.8)", 4], ["#fff", 1.5]].forEach(([style, line]) => {
      Object.assign(ctx, { strokeStyle: style, lineWidth: line });
      bar();
    });
    this.write(ctx, length >= 10 ? `${length / 10} cm` : `${+length.toPrecision(3)} mm`, x + pixels / 2, y - 10, "center", 11);
  }

  drawBar(ctx, { palette, window: [centre, span], units }, right, height) {
    const [w, h] = [9, Math.min(150, height * 0.36)];
    const [x, y] = [right - w, 14];
    for (let n = 0; n < h; n++) {
      const rgba = palette.words[Math.round(255 * (1 - n / (h - 1)))];
      ctx.fillStyle = `rgb(${rgba & 255},${(rgba >> 8) & 255},${(rgba >> 16) & 255})`;
      ctx.fillRect(x, y + n, w, 1.5);
    }
    ctx.strokeStyle = "rgba(255,255,255,0.6)";
    ctx.lineWidth = 1;
    ctx.strokeRect(x - 0.5, y - 0.5, w + 1, h + 1);
    const mark = (value, at) => this.write(ctx, this.viewer.number(value, span), x - 5, at, "right", 11);
    mark(centre + span / 2, y + 5);
    mark(centre, y + h / 2);
    mark(centre - span / 2, y + h - 5);
    this.write(ctx, units, x + w, y + h + 12, "right", 11);
  }

  write(ctx, text, x, y, align, pixels, bold = false) {
    if (!text) return;
    ctx.font = `${bold ? 600 : 400} ${pixels}px ${FONT}`;
    ctx.textAlign = align;
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    ctx.lineWidth = 3;
    ctx.strokeStyle = "rgba(0,0,0,0.75)";
    ctx.strokeText(text, x, y);
    ctx.fillStyle = "#fff";
    ctx.fillText(text, x, y);
  }
}
