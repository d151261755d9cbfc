// Two images on one grid: side by side, blended, in a checkerboard, or their difference.
import { Controls, h, press } from "./controls.js";
import { Palette, erase, paintDifference, paintImage } from "./paint.js";
import { Pane } from "./pane.js";
import { Viewer } from "./viewer.js";

const NAMES = ["A", "B"];
const SIDE_BY_SIDE = "side by side";

class ComparedPane extends Pane {
  get images() {
    return this.viewer.mode === SIDE_BY_SIDE ? [this.image] : [0, 1];
  }

  picture(image, plane) {
    const outside = image === 1 && plane.masks[0];
    if (!outside) return super.picture(image, plane);
    const palette = this.viewer.palettes[1];
    return this.painting(1, [plane], palette.key, (words) => {
      paintImage(plane.image, this.read, palette, words);
      erase(outside, this.read, words);
    });
  }

  difference(first, second) {
    const { palettes, contrast } = this.viewer;
    return this.painting("difference", [first, second], contrast.key, (words) => {
      paintDifference(first.image, second.image, this.read, palettes, contrast, words);
      if (second.masks[0]) erase(second.masks[0], this.read, words);
    });
  }

  drawPicture(ctx, planes) {
    const { mode, blend } = this.viewer;
    if (mode === SIDE_BY_SIDE) return super.drawPicture(ctx, planes);
    const [first, second] = planes;
    if (mode === "difference") return this.place(ctx, this.difference(first, second));
    this.place(ctx, this.picture(0, first));
    ctx.save();
    if (mode === "blend") ctx.globalAlpha = blend;
    else ctx.clip(this.squares());
    this.place(ctx, this.picture(1, second));
    ctx.restore();
  }

  /** Every second square of the checkerboard. */
  squares() {
    const { x, y, w, h } = this.box;
    const side = Math.max(w, h) / this.viewer.squares;
    const path = new Path2D();
    for (let r = 0; r * side < h; r++) {
      for (let c = (r + 1) % 2; c * side < w; c += 2) {
        path.rect(x + c * side, y + r * side, Math.min(side, w - c * side), Math.min(side, h - r * side));
      }
    }
    return path;
  }
}

export class Comparison extends Viewer {
  get mode() { return this.model.get("mode"); }
  get linked() { return this.model.get("linked") || this.mode !== SIDE_BY_SIDE; }
  get blend() { return this.model.get("blend"); }
  get squares() { return this.model.get("squares"); }
  get difference() { return this.model.get("difference"); }
  get offersThree() { return this.mode !== SIDE_BY_SIDE; }
  get three() { return this.offersThree && super.three; }
  get shared() {
    return [...super.shared, "mode", "linked", "b_position", "b_window", "blend", "squares", "difference"];
  }

  makeControls() {
    return new ComparisonControls(this);
  }

  makePane(axis, image) {
    const pane = new ComparedPane(this, axis, image);
    if (image === 1 && this.linked) pane.view = this.panes[0].view;
    return pane;
  }

  layout() {
    if (this.mode !== SIDE_BY_SIDE) return super.layout();
    return [[this.axis, 0], [this.axis, 1]];
  }

  draw() {
    if (this.scene.difference) {
      this.contrast ??= new Palette({ dtype: "float32", table: this.scene.difference.table });
      this.contrast.set(0, 2 * this.difference, false);
    }
    super.draw();
  }

  positionOf(pane) {
    return pane?.image === 1 && !this.linked ? this.model.get("b_position") : this.position;
  }

  moveTo(position, pane) {
    if (this.linked) this.set({ position, b_position: position });
    else this.set({ [pane?.image === 1 ? "b_position" : "position"]: position });
  }

  /** The image whose window dragging on a pane changes; with Alt, or on the right, that of B. */
  imageOf(pane, alternative) {
    if (this.mode === "difference") return 2;
    return pane.image === 1 || alternative ? 1 : 0;
  }

  windowOf(image) {
    if (image === 2) return [0, 2 * this.difference];
    return image === 1 ? this.model.get("b_window") : this.window;
  }

  setWindow(window, image = 0) {
    if (this.scene.sharedWindow && this.linked) this.set({ window, b_window: window });
    else this.set({ [image === 1 ? "b_window" : "window"]: window });
  }

  dragWindow(window, dx, dy, image) {
    if (image !== 2) return super.dragWindow(window, dx, dy, image);
    const width = window[1] * Math.exp(dx / 150);
    return this.set({ difference: Number((width / 2).toPrecision(3)) });
  }

  invertedOf(image) {
    const toggled = this.inverted !== this.scene.inverted;
    return this.stores[image].scene.inverted !== toggled;
  }

  show(mode) {
    if (mode === "difference" && !this.scene.difference) return;
    const position = this.position;
    this.set(mode === SIDE_BY_SIDE ? { mode } : { mode, b_position: position });
    this.shareZoom();
  }

  toggleLink() {
    const linked = !this.model.get("linked");
    this.set(linked ? { linked, b_position: this.position } : { linked });
    this.shareZoom();
  }

  shareZoom() {
    const second = this.panes.find((pane) => pane.image === 1);
    if (second) second.view = this.linked ? this.panes[0].view : { ...this.panes[0].view, pan: [...this.panes[0].view.pan] };
    this.request();
  }

  moreKeys() {
    const modes = this.controls.modes;
    return {
      d: () => this.show(modes[(modes.indexOf(this.mode) + 1) % modes.length]),
      l: () => this.mode === SIDE_BY_SIDE && this.toggleLink(),
      f: () => this.set({ mode: "blend", blend: this.blend < 0.5 ? 1 : 0 }),
    };
  }

  labelled(pane) {
    if (this.mode === SIDE_BY_SIDE) return pane === this.panes[pane.image] ? [pane.image] : [];
    if (pane !== this.panes[0]) return [];
    return this.scene.sharedWindow && !this.stores[1].scene.table ? [0] : [0, 1];
  }

  bars(pane) {
    if (this.mode !== "difference") return super.bars(pane);
    return pane === this.panes[0] ? [{ palette: this.contrast, window: this.windowOf(2), units: this.scene.units }] : [];
  }

  windowText(pane) {
    if (this.mode === "difference") return pane === this.panes[0] ? [`B − A, ± ${this.number(this.difference, this.difference)} ${this.scene.units}`.trim()] : [];
    const named = (image) => (this.labelled(pane).length > 1 ? [NAMES[image]] : []);
    return this.labelled(pane).flatMap((image) => [[...named(image), ...this.windowLines(image)].join("  ")]);
  }

  placeText(pane) {
    const place = super.placeText(pane);
    const [a, b] = this.scene.names;
    const what = { blend: `${a} + ${b}`, checkerboard: `${a} | ${b}`, difference: `${b} − ${a}` }[this.mode];
    return [what ?? this.scene.names[pane.image], place].filter(Boolean).join(" · ");
  }

  /** What both images hold at a position; where they move apart, only that of the pane pointed at. */
  valuesAt(position, at, pane) {
    const images = this.linked ? [0, 1] : [pane?.image ?? 0];
    const planes = images.map((image) => {
      const { grid } = this.stores[image].scene;
      return this.stores[image].plane({ axis: 0, time: Math.min(this.time, grid[0] - 1), index: position[0] });
    });
    const texts = planes.map((plane, n) => `${NAMES[images[n]]} ${this.textOf(plane, at, images[n])}`);
    if (this.scene.difference && planes.length > 1 && planes.every(Boolean) && !planes[1].masks[0]?.[at]) {
      const [a, b] = planes.map((plane, n) => this.palettes[n].value(plane.image[at]));
      texts.push(`B − A ${this.number(b - a, 2 * this.difference)} ${this.scene.units}`.trim());
    }
    return texts;
  }

  textOf(plane, at, image) {
    if (!plane) return "…";
    return image === 1 && plane.masks[0]?.[at] ? "outside" : this.valueText(plane, at, image);
  }
}

class ComparisonControls extends Controls {
  get modes() {
    return [SIDE_BY_SIDE, "blend", "checkerboard", "difference"].filter((mode) => mode !== "difference" || this.viewer.scene.difference);
  }

  keys() {
    return [...super.keys(), ["D", "next way of comparing"], ["L", "link or unlink the two"], ["F", "flip between A and B"], ["Alt + drag", "window of B"]];
  }

  moreRows() {
    const { scene } = this.viewer;
    const row = h("div", { class: "medlab-toolbar", role: "toolbar", "aria-label": "Comparison" },
      this.modeButtons(), this.link(),
      this.range("blend", "blend", "B over A", { min: 0, max: 1, step: 0.01 }, ["A", "B"]),
      this.range("squares", "checkerboard", "Number of squares", { min: 2, max: 40, step: 1 }, ["Squares", ""]),
      this.limit(),
      h("span", { class: "medlab-space" }),
      scene.sharedWindow ? null : this.secondWindow());
    return scene.remark ? [row, h("div", { class: "medlab-note", role: "note" }, scene.remark)] : [row];
  }

  modeButtons() {
    const buttons = this.modes.map((mode) => {
      const button = h("button", { type: "button", class: "medlab-button medlab-text", title: `${mode} (D: next)`, onclick: () => this.viewer.show(mode) }, mode[0].toUpperCase() + mode.slice(1));
      this.each(() => press(button, this.viewer.mode === mode));
      return button;
    });
    return h("div", { class: "medlab-group", role: "group", "aria-label": "Way of comparing" }, ...buttons);
  }

  link() {
    const button = h("button", { type: "button", class: "medlab-button medlab-text", title: "Move slices, window and zoom together (L)", onclick: () => this.viewer.toggleLink() }, "Linked");
    this.each(() => {
      button.hidden = this.viewer.mode !== SIDE_BY_SIDE;
      press(button, this.viewer.linked);
    });
    return button;
  }

  range(name, mode, label, limits, [before, after]) {
    const input = h("input", { type: "range", ...limits, class: "medlab-range medlab-short", "aria-label": label, title: label, oninput: () => this.viewer.set({ [name]: Number(input.value) }) });
    const row = h("label", { class: "medlab-label" }, before, input, after);
    this.each(() => {
      row.hidden = this.viewer.mode !== mode;
      input.value = this.viewer[name];
    });
    return row;
  }

  limit() {
    const { viewer } = this;
    const input = h("input", { type: "number", min: 0, step: "any", class: "medlab-number", "aria-label": "Largest difference", title: `Difference drawn in full colour (${viewer.scene.units || "value"})`, onchange: () => Number(input.value) > 0 && viewer.set({ difference: Number(input.value) }) });
    const row = h("label", { class: "medlab-label" }, "±", input, viewer.scene.units);
    this.each(() => {
      row.hidden = viewer.mode !== "difference";
      if (input.getRootNode().activeElement !== input) input.value = viewer.number(viewer.difference, viewer.difference);
    });
    return row;
  }

  secondWindow() {
    const group = this.windows(1, "Window of B");
    return group && h("span", { class: "medlab-label" }, "B", group);
  }
}
