// Drawing on an image: a brush that sets mask voxels, shapes, undo, and their way to the kernel.
import { Controls, h, iconButton, press } from "./controls.js";
import { Keeper } from "./keep.js";
import { decodeMask, encodeMask } from "./packet.js";
import { Pane } from "./pane.js";
import { area, dab, distance, handles, moved, pulled, settled, spread } from "./shapes.js";
import { Viewer } from "./viewer.js";

const PIECE = 2e6; // voxels in one message to the kernel, which takes 10 MB at most
const NEAR = 8; // pixels from a handle within which a press takes it
const NOTHING = { move() {}, end() {} };
const DRAWING_TOOLS = [
  ["brush", "Brush (B)"], ["eraser", "Eraser (E)"], ["box", "Box (X)"], ["ellipse", "Ellipse (V)"],
  ["point", "Point (N)"], ["length", "Length (L)"], ["select", "Move, resize or delete a shape (G)"],
];

class DrawingPane extends Pane {
  /** Row and column of the array under a point of the canvas, counted from the edge of the first voxel. */
  placeUnder(x, y) {
    const { plane, rows, cols } = this.read;
    const [r, c] = this.under(x, y);
    const at = { [plane.down]: plane.flipDown ? rows - r : r, [plane.across]: plane.flipAcross ? cols - c : c };
    return [at[1], at[2]];
  }

  screenOf([j, i]) {
    const { plane, rows, cols } = this.read;
    const at = [0, j, i];
    const row = plane.flipDown ? rows - at[plane.down] : at[plane.down];
    const col = plane.flipAcross ? cols - at[plane.across] : at[plane.across];
    return [this.box.x + (col / cols) * this.box.w, this.box.y + (row / rows) * this.box.h];
  }

  drawMarks(ctx, width, height) {
    if (this.axis === 0) {
      this.viewer.onSlice().forEach((shape) => this.drawShape(ctx, shape));
      this.drawBrush(ctx);
    }
    super.drawMarks(ctx, width, height);
  }

  drawShape(ctx, shape) {
    const region = this.viewer.scene.regions[shape.label - 1];
    if (this.viewer.hidden.has(shape.label - 1)) return;
    const corners = shape.points.map((p) => this.screenOf(p));
    const [[ax, ay], [bx, by]] = [corners[0], corners.at(-1)];
    const path = new Path2D();
    if (shape.kind === "box") path.rect(ax, ay, bx - ax, by - ay);
    if (shape.kind === "ellipse") path.ellipse((ax + bx) / 2, (ay + by) / 2, Math.abs(bx - ax) / 2, Math.abs(by - ay) / 2, 0, 0, 7);
    if (shape.kind === "point") path.arc(ax, ay, 4, 0, 7);
    if (shape.kind === "length") path.lineTo(ax, ay), path.lineTo(bx, by);
    const chosen = shape === this.viewer.chosen;
    [["rgba(0,0,0,0.75)", 4], [region.colour, chosen ? 2.5 : 1.5]].forEach(([style, line]) => {
      Object.assign(ctx, { strokeStyle: style, lineWidth: line });
      ctx.stroke(path);
    });
    if (chosen || shape.kind === "length") this.drawHandles(ctx, shape, region.colour);
    this.write(ctx, this.viewer.shapeText(shape), Math.min(ax, bx) + (shape.kind === "point" ? 9 : 0), Math.min(ay, by) - 10, "left", 11);
  }

  drawHandles(ctx, shape, colour) {
    for (const [x, y] of handles(shape).map((p) => this.screenOf(p))) {
      Object.assign(ctx, { fillStyle: "#fff", strokeStyle: colour, lineWidth: 1.5 });
      ctx.fillRect(x - 3, y - 3, 6, 6);
      ctx.strokeRect(x - 3, y - 3, 6, 6);
    }
  }

  drawBrush(ctx) {
    const { pointer, tool, brush, code, scene } = this.viewer;
    if (pointer?.pane !== this || !["brush", "eraser"].includes(tool)) return;
    const radius = (brush / 2) * this.view.scale * this.view.zoom;
    ctx.beginPath();
    ctx.arc(pointer.x, pointer.y, Math.max(radius, 2), 0, 7);
    Object.assign(ctx, { lineWidth: 1.5, strokeStyle: tool === "brush" ? scene.regions[code - 1].colour : "#fff" });
    ctx.stroke();
  }
}

export class Annotation extends Viewer {
  constructor(el, model, stores) {
    super(el, model, stores);
    Object.assign(this, { code: 1, brush: this.scene.drawing.brush, history: [], future: [], chosen: null, draft: null, pending: 0 });
    this.drawable = Boolean(model.send);
    if (!this.drawable) return;
    this.tool = "brush";
    this.keeper = new Keeper(this.scene.drawing.fingerprint, this.scene.drawing.session);
    this.heard = (content, buffers) => this.hear(content, buffers);
    model.on("msg:custom", this.heard);
    this.keeper.opened.then((database) => database ?? this.cannotKeep());
    this.lookForOthers();
  }

  get shared() { return [...super.shared, "_shapes"]; }
  get shapes() { return this.model.get("_shapes"); }

  makeControls() {
    return new DrawingControls(this);
  }

  makePane(axis, image) {
    return new DrawingPane(this, axis, image);
  }

  hover(pane, x, y) {
    super.hover(pane, x, y);
    this.request();
  }

  /** The shapes on the slice shown, in its sampling, the one being drawn instead of what it replaces. */
  onSlice() {
    const [rows, cols] = (this.scene.sampling ?? [[0, 1], [0, 1], [0, 1]]).slice(1).map(([, factor]) => factor);
    const { draft } = this;
    const all = draft ? [...this.shapes.filter((shape) => shape !== draft.instead), draft.shape] : this.shapes;
    const here = all.filter((shape) => shape && this.shownOf(shape.slice) === this.position[0]);
    return rows === 1 && cols === 1 ? here : here.map((shape) => ({ ...shape, points: shape.points.map(([j, i]) => [j / rows, i / cols]) }));
  }

  shownOf(slice) {
    const [offset, factor] = this.scene.sampling?.[0] ?? [0, 1];
    return Math.min(Math.max(Math.round((slice - offset) / factor), 0), this.scene.grid[1] - 1);
  }

  shapeText(shape) {
    const { scene } = this;
    const unit = scene.space === "pixel" ? "px" : "mm";
    const name = scene.regions[shape.label - 1].name;
    if (shape.kind === "length") return `${distance(shape.points, scene).toFixed(1)} ${unit}`;
    if (shape.kind !== "ellipse" || scene.colour) return name;
    const plane = this.store.plane({ axis: 0, time: this.time, index: this.position[0] });
    const found = plane && spread(shape, (j, i) => this.palettes[0].value(plane.image[j * scene.grid[3] + i]));
    if (!found) return name;
    return `${name}: ${this.number(found.mean)} ± ${this.number(found.sd)} ${scene.units}, ${area(shape, scene).toPrecision(3)} ${unit}²`;
  }

  // -- pointer --------------------------------------------------------------------------------

  grab(pane, tool, x, y) {
    if (!this.drawable || !DRAWING_TOOLS.some(([name]) => name === tool)) return null;
    if (pane.axis !== 0) {
      this.store.say(`Drawing works on the ${this.planeName(0)} plane, as the slices were taken.`);
      return NOTHING;
    }
    if (!this.store.plane({ axis: 0, time: 0, index: this.position[0] })) return NOTHING;
    const place = pane.placeUnder(x, y);
    this.store.say("");
    if (tool === "brush" || tool === "eraser") return this.stroke(pane, tool === "brush" ? this.code : 0, place);
    return tool === "select" ? this.take(pane, x, y) : this.begin(pane, tool, place);
  }

  stroke(pane, code, place) {
    const index = this.position[0];
    const before = this.codes(index);
    const codes = before.slice();
    let last = place;
    const paint = (to) => {
      dab(codes, this.scene, last, to, this.brush / 2, code);
      last = to;
      this.put(index, codes);
    };
    paint(place);
    return { move: (x, y) => paint(pane.placeUnder(x, y)), end: () => this.commit([[index, before, codes]]) };
  }

  begin(pane, kind, place) {
    const slice = this.position[0];
    const shape = { kind, label: this.code, slice, points: [place, place] };
    return this.shaping(null, shape, (x, y) => ({ ...shape, points: [kind === "point" ? pane.placeUnder(x, y) : place, pane.placeUnder(x, y)] }));
  }

  /** Take a handle or a shape near a point of the canvas. */
  take(pane, x, y) {
    const start = pane.placeUnder(x, y);
    const near = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]) <= NEAR;
    for (const shape of this.onSlice().reverse()) {
      const handle = handles(shape).findIndex((p) => near(pane.screenOf(p), [x, y]));
      const shift = (to) => [to[0] - start[0], to[1] - start[1]];
      this.chosen = shape;
      if (handle >= 0) return this.shaping(shape, shape, (...at) => pulled(shape, handle, pane.placeUnder(...at)));
      if (this.covers(shape, start)) return this.shaping(shape, shape, (...at) => moved(shape, shift(pane.placeUnder(...at))));
    }
    this.chosen = null;
    return NOTHING;
  }

  covers({ kind, points: [[a, b], second] }, [j, i]) {
    if (kind === "point" || kind === "length") return false;
    return j >= a && j <= second[0] && i >= b && i <= second[1];
  }

  shaping(instead, shape, change) {
    this.draft = { instead, shape: settled(shape, this.scene) ?? shape };
    let touched = instead === null;
    return {
      move: (x, y) => {
        touched = true;
        this.draft.shape = this.chosen = settled(change(x, y), this.scene);
      },
      end: () => {
        const final = settled(this.draft.shape ?? shape, this.scene);
        this.draft = null;
        if (!touched) return;
        this.chosen = final;
        this.commit([], [...this.shapes.filter((one) => one !== instead), final].filter(Boolean));
      },
    };
  }

  // -- changes --------------------------------------------------------------------------------

  /** Mask codes of a slice. */
  codes(index) {
    const [, , J, I] = this.scene.grid;
    return this.store.slices.get(index)?.masks[0] ?? new Uint8Array(J * I);
  }

  put(index, codes) {
    const plane = this.store.slices.get(index);
    if (plane) plane.masks = [codes];
    this.store.cuts.clear();
    this.store.changed();
    this.request();
  }

  /** Note a change, [[slice, before, after], …] and the new list of shapes, so that it can be undone. */
  commit(slices, shapes = null) {
    const changes = slices.filter(([, a, b]) => a.some((code, n) => code !== b[n]));
    const same = !shapes || JSON.stringify(shapes) === JSON.stringify(this.shapes);
    if (!changes.length && same) return this.request();
    const [before, after] = [1, 2].map((n) => changes.map((change) => [change[0], encodeMask(change[n])]));
    this.history.push({ before: { slices: before, shapes: same ? null : this.shapes }, after: { slices: after, shapes: same ? null : shapes } });
    this.future = [];
    this.apply(this.history.at(-1).after);
  }

  apply({ slices, shapes }) {
    for (const [index, block] of slices) {
      const codes = this.decoded(block);
      this.put(index, codes);
      this.transmit(index, codes);
    }
    if (shapes) {
      this.set({ _shapes: shapes });
      this.model.save_changes();
    }
    this.keep(slices, true);
    this.request();
  }

  keep(slices, unsaved) {
    this.unsaved = unsaved;
    this.keeper.put(slices, { shapes: this.shapes, unsaved }).catch(() => this.cannotKeep());
  }

  /** Say once that a kernel restart loses what no file holds. */
  cannotKeep() {
    if (this.unkept) return;
    Object.assign(this, { unkept: true, warned: false });
    this.request();
  }

  decoded({ bytes, coding }) {
    const [, , J, I] = this.scene.grid;
    return decodeMask(bytes, [0, bytes.byteLength, coding]) ?? new Uint8Array(J * I);
  }

  undo() {
    const entry = this.history.pop();
    if (!entry) return;
    this.future.push(entry);
    this.chosen = null;
    this.apply(entry.before);
  }

  redo() {
    const entry = this.future.pop();
    if (!entry) return;
    this.history.push(entry);
    this.apply(entry.after);
  }

  copyOn() {
    const index = this.position[0];
    const next = index + 1;
    if (next >= this.scene.grid[1] || !this.store.slices.has(next)) return;
    const [source, before] = [this.codes(index), this.codes(next)];
    const after = before.map((code, n) => source[n] || code);
    const copies = this.shapes.filter((shape) => shape.slice === index).map((shape) => ({ ...shape, slice: next }));
    this.commit([[next, before, after]], copies.length ? [...this.shapes, ...copies] : null);
    this.goTo(0, next);
  }

  removeChosen() {
    if (!this.chosen) return;
    const { chosen } = this;
    this.chosen = null;
    this.commit([], this.shapes.filter((shape) => shape !== chosen));
  }

  // -- kernel ---------------------------------------------------------------------------------

  transmit(index, codes) {
    for (let start = 0; start < codes.length; start += PIECE) {
      const part = codes.subarray(start, start + PIECE);
      const { bytes, coding } = encodeMask(part);
      this.pending++;
      this.model.send({ kind: "draw", index, start, size: part.length, coding }, undefined, [bytes.buffer]);
    }
  }

  hear(content, buffers) {
    if (content.kind === "taken") this.pending = Math.max(0, this.pending - 1);
    if (content.kind === "refused") this.store.say(`The kernel could not take this drawing: ${content.message}`);
    if (content.kind === "saved") this.keep([], false);
    if (content.kind === "mask") this.replace(content.slices, buffers);
    this.request();
  }

  /** Take a mask that Python has set; what was drawn before cannot be undone any more. */
  replace(slices, buffers) {
    Object.assign(this, { history: [], future: [], chosen: null });
    const blocks = slices.map(([index, coding], n) => {
      const { buffer, byteOffset, byteLength } = buffers[n];
      return [index, { bytes: new Uint8Array(buffer, byteOffset, byteLength).slice(), coding }];
    });
    blocks.forEach(([index, block]) => this.put(index, this.decoded(block)));
    this.keep(blocks, Boolean(this.unsaved));
  }

  /** Offer what was drawn on this image in a kernel that is gone. */
  async lookForOthers() {
    const [record] = await this.keeper.others().catch(() => []);
    this.offered = record ?? null;
    this.request();
  }

  restore() {
    const { slices, shapes, session } = this.offered;
    this.offered = null;
    const changes = slices.map(([index, block]) => [index, this.codes(index), this.decoded(block)]);
    this.commit(changes, shapes);
    this.keeper.drop(session).then(() => this.lookForOthers());
  }

  discard() {
    this.keeper.drop(this.offered.session).then(() => this.lookForOthers());
    this.offered = null;
    this.request();
  }

  // -- keys -----------------------------------------------------------------------------------

  key(event) {
    const letter = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (letter === "z" || letter === "y") && this.drawable) {
      event.preventDefault();
      event.stopPropagation();
      return letter === "y" || event.shiftKey ? this.redo() : this.undo();
    }
    return super.key(event);
  }

  moreKeys() {
    if (!this.drawable) return {};
    const numbers = this.scene.regions.slice(0, 9).map((_, n) => [String(n + 1), () => this.look({ code: n + 1 })]);
    const tools = { b: "brush", e: "eraser", x: "box", v: "ellipse", n: "point", l: "length", g: "select" };
    return {
      ...Object.fromEntries(numbers),
      ...Object.fromEntries(Object.entries(tools).map(([key, tool]) => [key, () => this.use(tool)])),
      "[": () => this.look({ brush: this.brush / 1.25 }), "]": () => this.look({ brush: this.brush * 1.25 }),
      d: () => this.copyOn(), Delete: () => this.removeChosen(), Backspace: () => this.removeChosen(),
    };
  }

  stop() {
    super.stop();
    if (this.heard) this.model.off("msg:custom", this.heard);
  }
}

class DrawingControls extends Controls {
  keys() {
    if (!this.viewer.model.send) return super.keys();
    return [...super.keys(), ["B E", "brush, eraser"], ["X V N L", "box, ellipse, point, length"], ["G, Delete", "select a shape; delete it"],
      ["1 … 9", "label"], ["[ ]", "size of the brush"], ["D", "copy to the next slice"], ["Ctrl + Z, Ctrl + Y", "undo, redo"]];
  }

  moreRows() {
    if (!this.viewer.model.send) return [];
    const tools = DRAWING_TOOLS.map(([name, label]) => {
      const button = iconButton(name, label, () => this.viewer.use(name));
      this.each(() => press(button, this.viewer.tool === name));
      return button;
    });
    const row = h("div", { class: "medlab-toolbar", role: "toolbar", "aria-label": "Drawing" },
      h("div", { class: "medlab-group", role: "group", "aria-label": "Drawing tools" }, ...tools),
      this.labels(), this.size(), this.changes(), h("span", { class: "medlab-space" }), this.state());
    return [row, this.warning(), this.offer()];
  }

  labels() {
    const { viewer } = this;
    const { regions } = viewer.scene;
    const swatch = h("span", { class: "medlab-swatch", "aria-hidden": "true" });
    const select = h("select", { class: "medlab-select", title: "Label that is drawn (1 … 9)", "aria-label": "Label", onchange: () => viewer.look({ code: Number(select.value) }) },
      ...regions.map(({ name }, n) => h("option", { value: n + 1 }, name)));
    this.each(() => {
      select.value = viewer.code;
      swatch.style.setProperty("--region", regions[viewer.code - 1].colour);
    });
    return h("span", { class: "medlab-label" }, swatch, select);
  }

  size() {
    const { viewer } = this;
    const unit = viewer.scene.space === "pixel" ? "px" : "mm";
    const input = h("input", { type: "number", min: 0, step: "any", class: "medlab-number", "aria-label": "Brush size", title: `Diameter of brush and eraser in ${unit} ([ and ])`, onchange: () => Number(input.value) > 0 && viewer.look({ brush: Number(input.value) }) });
    this.each(() => {
      if (input.getRootNode().activeElement !== input) input.value = Number(viewer.brush.toPrecision(3));
    });
    return h("label", { class: "medlab-label" }, "Ø", input, unit);
  }

  changes() {
    const { viewer } = this;
    const undo = iconButton("undo", "Undo (Ctrl+Z)", () => viewer.undo());
    const redo = iconButton("redo", "Redo (Ctrl+Y)", () => viewer.redo());
    const copy = iconButton("copy", "Copy to the next slice (D)", () => viewer.copyOn());
    this.each(() => {
      undo.disabled = !viewer.history.length;
      redo.disabled = !viewer.future.length;
    });
    return h("div", { class: "medlab-group", role: "group", "aria-label": "Changes" }, undo, redo, copy);
  }

  state() {
    const text = h("span", { class: "medlab-label", role: "status" });
    this.each(() => {
      const { pending, unkept } = this.viewer;
      const said = pending ? `${unkept ? "" : "kept in this browser; "}the kernel has not answered yet` : "";
      if (text.textContent !== said) text.textContent = said;
    });
    return text;
  }

  warning() {
    const { viewer } = this;
    const close = h("button", { type: "button", class: "medlab-button medlab-text", onclick: () => viewer.look({ warned: true }) }, "Understood");
    const bar = h("div", { class: "medlab-note medlab-warning", role: "alert", hidden: true },
      "This browser keeps nothing for this page (a private window, or storage is off or full): what you do not save with save() is lost when the kernel restarts.", close);
    this.each(() => (bar.hidden = !viewer.unkept || viewer.warned));
    return bar;
  }

  offer() {
    const { viewer } = this;
    const text = h("span");
    const button = (name, act) => h("button", { type: "button", class: "medlab-button medlab-text", onclick: act }, name);
    const bar = h("div", { class: "medlab-note medlab-offer", role: "alert", hidden: true }, text,
      button("Restore", () => viewer.restore()), button("Discard", () => viewer.discard()));
    this.each(() => {
      bar.hidden = !viewer.offered;
      if (!viewer.offered) return;
      const said = `A drawing on this image from ${new Date(viewer.offered.when).toLocaleString()} was never saved. `;
      if (text.textContent !== said) text.textContent = said;
    });
    return bar;
  }
}
