// One view: the state shown, its panes and its controls. `model` is anywidget's, or the page's stand-in.
import { Controls, h } from "./controls.js";
import { millimetres, original } from "./geometry.js";
import { listen } from "./gestures.js";
import { Palette } from "./paint.js";
import { Pane } from "./pane.js";

const SAVE_MS = 50;
const NOTICE_MS = 150;
const FRAMES_PER_SECOND = 12;

export class Viewer {
  /** `stores` holds one store of slices for each image. */
  constructor(el, model, stores) {
    Object.assign(this, { el, model, stores, store: stores[0], scene: stores[0].scene });
    const { outline, opacity, inverted, colour } = this.scene;
    Object.assign(this, { outline, opacity, inverted, smooth: true, hidden: new Set(), playing: null });
    this.tool = colour ? "crosshair" : "window";
    this.firstWindow = [...this.window];
    this.palettes = stores.map((store) => new Palette(store.scene));
    this.stopping = new AbortController();
    this.build();
    this.listen();
    this.arrange();
  }

  get axis() { return this.model.get("axis"); }
  get position() { return this.model.get("position"); }
  get time() { return this.model.get("time"); }
  get window() { return this.model.get("window"); }
  get shared() { return ["axis", "position", "time", "window", "three_planes"]; }
  get offersThree() { return true; }
  get three() { return this.scene.planes.length > 1 && this.model.get("three_planes"); }

  build() {
    this.controls = this.makeControls();
    const { toolbar, rows, sliders, legend, readout, note, help } = this.controls;
    this.area = h("div", { class: "medlab-area" });
    this.area.style.setProperty("--height", `${this.scene.height}px`);
    this.root = h("div", { class: "medlab-viewer", "data-lm-suppress-shortcuts": "true", role: "group", "aria-label": `Slice viewer ${this.scene.title}` },
      toolbar, ...rows, h("div", { class: "medlab-stage" }, this.area, help), sliders, legend, readout, note);
    this.el.append(this.root);
  }

  makeControls() {
    return new Controls(this);
  }

  makePane(axis, image) {
    return new Pane(this, axis, image);
  }

  listen() {
    const { signal } = this.stopping;
    this.changed = () => {
      this.arrange();
      this.request();
    };
    this.shared.forEach((name) => this.model.on(`change:${name}`, this.changed));
    this.arrived = () => this.takeNotice();
    this.stores.forEach((store) => store.listeners.add(this.arrived));
    this.root.addEventListener("keydown", (event) => this.key(event), { signal });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.area);
  }

  /** Make the panes that are shown, the current plane first; the first one stays, so that it keeps the focus. */
  arrange() {
    const shown = this.layout();
    this.panes ??= [];
    if (this.panes.length !== shown.length || !this.three) {
      this.panes.splice(shown.length).forEach((pane) => pane.canvas.remove());
      shown.forEach((place, n) => (this.panes[n] ? this.panes[n].show(...place) : this.addPane(...place)));
      this.area.dataset.planes = shown.length;
    }
    this.ask();
  }

  /** Axis and image of each pane. */
  layout() {
    const axes = this.scene.planes.map((p) => p.axis);
    return this.three ? [this.axis, ...axes.filter((a) => a !== this.axis)].map((axis) => [axis, 0]) : [[this.axis, 0]];
  }

  /** Say which planes are shown, or will be next. */
  ask(place) {
    this.stores.forEach((store, image) => {
      const showing = this.panes.filter((pane) => pane.images.includes(image));
      store.need(this, showing.map((pane) => pane.need(image, place)));
    });
  }

  addPane(axis, image) {
    const pane = this.makePane(axis, image);
    listen(pane, this, this.stopping.signal);
    this.panes.push(pane);
    this.area.append(pane.canvas);
  }

  /** Draw as soon as the event at hand is dealt with, but once a frame at most. */
  request() {
    if (this.wanted) return;
    this.wanted = true;
    if (!this.frame) queueMicrotask(() => this.wanted && this.draw());
  }

  /** Slices have arrived: draw if one of them was waited for, else only tell how many are here. */
  takeNotice() {
    if (this.panes.some((pane) => !pane.canvas.dataset.drawn && pane.has())) this.request();
    this.noticing ??= setTimeout(() => {
      this.noticing = null;
      this.controls.refresh();
      this.read();
    }, NOTICE_MS);
  }

  draw() {
    this.wanted = false;
    if (this.stopping.signal.aborted) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.wanted) this.draw();
    });
    this.palettes.forEach((palette, image) => palette.set(...this.windowOf(image), this.invertedOf(image)));
    this.panes.forEach((pane) => pane.draw());
    this.controls.refresh();
    this.read();
  }

  /** Change what is shared with Python and with other views of this model. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) this.model.set(name, value);
    this.saving ??= setTimeout(() => {
      this.saving = null;
      this.model.save_changes();
    }, SAVE_MS);
    this.changed();
  }

  look(changes) {
    Object.assign(this, changes);
    this.request();
  }

  toggle(name) {
    this.look({ [name]: !this[name] });
  }

  use(tool) {
    this.look({ tool });
  }

  positionOf() {
    return this.position;
  }

  moveTo(position) {
    this.set({ position });
  }

  imageOf() {
    return 0;
  }

  windowOf() {
    return this.window;
  }

  setWindow(window) {
    this.set({ window });
  }

  invertedOf() {
    return this.inverted;
  }

  goTo(axis, index, pane = this.panes[0]) {
    const before = this.positionOf(pane);
    const position = [...before];
    position[axis] = Math.min(Math.max(index, 0), this.scene.grid[1 + axis] - 1);
    if (position[axis] === before[axis]) return false;
    this.moveTo(position, pane);
    return true;
  }

  /** What follows the pointer after a press instead of the usual tools: {move(x, y), end()}, or null. */
  grab() {
    return null;
  }

  step(axis, steps, pane = this.panes[0]) {
    return this.goTo(axis, this.positionOf(pane)[axis] + steps, pane);
  }

  canStep(axis, direction, pane) {
    const next = this.positionOf(pane)[axis] + direction;
    return next >= 0 && next < this.scene.grid[1 + axis];
  }

  stepTime(steps) {
    const T = this.scene.grid[0];
    if (T > 1) this.set({ time: (this.time + steps + T) % T });
    else if (this.scene.fast !== "slice") this.step(0, steps);
  }

  pointTo(pane, x, y) {
    const position = pane.positionUnder(x, y);
    if (position) this.moveTo(position, pane);
  }

  activate(pane) {
    this.active = pane;
    if (this.three && pane.axis !== this.axis) this.set({ axis: pane.axis });
  }

  hover(pane, x, y) {
    this.pointer = pane && { pane, x, y };
    this.read();
  }

  /** Write what lies under the pointer, or at the crosshair where the pointer is elsewhere. */
  read() {
    const { pane, x, y } = this.pointer ?? {};
    this.controls.read(pane?.positionUnder(x, y) ?? this.position, pane);
  }

  preset(name, image = 0) {
    const found = this.stores[image].scene.presets.find((p) => p.name === name);
    if (found) this.setWindow([found.centre, found.width], image);
    else this.request();
  }

  presetName(image = 0) {
    const [centre, width] = this.windowOf(image);
    const near = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1e-9, width);
    return this.stores[image].scene.presets.find((p) => near(p.centre, centre) && near(p.width, width))?.name;
  }

  typeWindow(n, value, image = 0) {
    const next = [...this.windowOf(image)];
    next[n] = value;
    if (Number.isFinite(value) && next[1] > 0) this.setWindow(next, image);
    else this.request();
  }

  /** Sideways changes the width, up and down the centre; faster the wider the window is. */
  dragWindow([centre, width], dx, dy, image = 0) {
    const { dtype, presets } = this.stores[image].scene;
    const speed = Math.max(width, presets[0].width / 20) / 250;
    const tidy = (v) => (dtype === "float32" ? Number(v.toPrecision(5)) : Math.round(v));
    const least = dtype === "float32" ? width * 1e-3 : 1;
    const direction = this.invertedOf(image) ? -1 : 1;
    this.setWindow([tidy(centre - direction * dy * speed), Math.max(tidy(width + dx * speed), least)], image);
  }

  toggleThree() {
    if (this.offersThree) this.set({ three_planes: !this.three });
  }

  toggleRegion(n) {
    this.hidden.has(n) ? this.hidden.delete(n) : this.hidden.add(n);
    this.request();
  }

  toggleMasks() {
    this.hidden = new Set(this.hidden.size ? [] : this.scene.regions.keys());
    this.request();
  }

  toggleHelp() {
    this.controls.help.hidden = !this.controls.help.hidden;
    this.request();
  }

  fit() {
    this.panes.forEach((pane) => pane.reset());
    this.request();
  }

  togglePlay() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
      return this.request();
    }
    const frames = this.scene.grid[0] > 1 || this.scene.fast !== "slice";
    if (!frames) return null;
    this.playing = setInterval(() => this.advance(), this.frameMilliseconds());
    return this.request();
  }

  /** Show the next frame, unless it has not arrived yet. */
  advance() {
    const [T, K] = this.scene.grid;
    const { position, time } = this;
    const next = T > 1 ? { time: (time + 1) % T, position } : { time, position: [(position[0] + 1) % K, ...position.slice(1)] };
    this.ask(next);
    if (this.panes.every((pane) => pane.has(next))) this.set(next);
  }

  frameMilliseconds() {
    const { values, unit } = this.scene.steps ?? {};
    const factor = { ms: 1, s: 1000 }[unit];
    const known = factor && values?.length > 1 ? (factor * (values.at(-1) - values[0])) / (values.length - 1) : 0;
    return known >= 15 && known <= 1000 ? known : 1000 / FRAMES_PER_SECOND;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    const { axis } = this;
    const pane = this.panes.includes(this.active) ? this.active : this.panes[0];
    const last = this.scene.grid[1 + axis] - 1;
    const names = this.scene.planes.map((p) => p.axis);
    const actions = {
      ...this.moreKeys(),
      ArrowUp: () => this.step(axis, -1, pane), ArrowDown: () => this.step(axis, 1, pane),
      PageUp: () => this.step(axis, -10, pane), PageDown: () => this.step(axis, 10, pane),
      Home: () => this.goTo(axis, 0, pane), End: () => this.goTo(axis, last, pane),
      ArrowLeft: () => this.stepTime(-1), ArrowRight: () => this.stepTime(1),
      "+": () => pane.zoom(1.25), "=": () => pane.zoom(1.25), "-": () => pane.zoom(0.8), 0: () => this.fit(),
      a: () => this.set({ axis: names[(names.indexOf(axis) + 1) % names.length] }),
      t: () => this.toggleThree(), i: () => this.scene.colour || this.toggle("inverted"), s: () => this.toggle("smooth"),
      m: () => this.toggleMasks(), o: () => this.toggle("outline"), r: () => this.set({ window: this.firstWindow }),
      w: () => this.scene.colour || this.use("window"), c: () => this.use("crosshair"), p: () => this.use("pan"), z: () => this.use("zoom"),
      " ": () => this.togglePlay(), "?": () => this.toggleHelp(),
      Escape: () => this.controls.help.hidden || this.toggleHelp(),
    };
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
    this.request();
  }

  /** Keys that another kind of view adds. */
  moreKeys() {
    return {};
  }

  planeName(axis) {
    return this.scene.planes.find((p) => p.axis === axis).name;
  }

  counterText(axis, position = this.position) {
    const at = (index) => Math.round(original(this.scene, axis, index));
    return `${at(position[axis])} / ${at(this.scene.grid[1 + axis] - 1)}`;
  }

  timeText() {
    const { values, unit } = this.scene.steps ?? {};
    const count = `${this.time} / ${this.scene.grid[0] - 1}`;
    return values && this.scene.slow === "time" ? `${count} · ${values[this.time]} ${unit}` : count;
  }

  placeText(pane) {
    const { scene } = this;
    const { axis } = pane;
    const words = [];
    if (scene.planes.length > 1 || scene.grid[1] > 1) {
      words.push(scene.fast === "slice" ? this.planeName(axis) : scene.fast, this.counterText(axis, this.positionOf(pane)));
    }
    if (scene.grid[0] > 1) words.push(`· ${scene.slow} ${this.timeText()}`);
    return words.join(" ");
  }

  /** The images whose windows are written and drawn on a pane. */
  labelled(pane) {
    return pane === this.panes[0] ? [0] : [];
  }

  windowText(pane) {
    return this.labelled(pane).flatMap((image) => this.windowLines(image));
  }

  windowLines(image) {
    const { colour, units } = this.stores[image].scene;
    if (colour) return [];
    const [centre, width] = this.windowOf(image).map((v, _, [, span]) => this.number(v, span));
    const lines = [`C ${centre}  W ${width} ${units}`.trim()];
    if (this.presetName(image)) lines.unshift(this.presetName(image));
    return lines;
  }

  /** The colour bars on a pane, from right to left. */
  bars(pane) {
    const grey = this.labelled(pane).filter((image) => !this.stores[image].scene.colour);
    return grey.map((image) => ({ palette: this.palettes[image], window: this.windowOf(image), units: this.stores[image].scene.units }));
  }

  describe(pane) {
    return `${this.scene.title} ${this.placeText(pane)}. ${this.windowText(this.panes[0]).join(", ")}`.trim();
  }

  /** A number as short as its neighbours on the grey scale can be told apart. */
  number(value, span = this.window[1]) {
    if (!Number.isFinite(value)) return String(value);
    if (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)) return value.toExponential(2);
    return String(Number(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(Math.max(span, 1e-3)))))));
  }

  readingAt(position, pane) {
    const { scene } = this;
    const plane = this.store.plane({ axis: 0, time: this.time, index: position[0] });
    const at = position[1] * scene.grid[3] + position[2];
    const index = position.map((n, axis) => Number(original(scene, axis, n).toFixed(1)));
    const parts = this.valuesAt(position, at, pane);
    const names = scene.regions.filter((r) => plane?.masks[r.layer]?.[at] === r.code).map((r) => r.name);
    if (names.length) parts.push(names.join(", "));
    const [k, j, i] = index;
    parts.push(scene.grid[1] > 1 ? `index (${k}, ${j}, ${i})` : `index (${j}, ${i})`);
    if (scene.space === "patient") {
      const [x, y, z] = millimetres(scene, position).map((v) => v.toFixed(1));
      parts.push(`x ${x}  y ${y}  z ${z} mm`);
    } else if (scene.space === "plane") {
      const [x, y] = millimetres(scene, position).map((v) => v.toFixed(1));
      parts.push(`${x}, ${y} mm`);
    }
    return parts.join("   ·   ");
  }

  valuesAt(position, at) {
    const plane = this.store.plane({ axis: 0, time: this.time, index: position[0] });
    return [plane ? this.valueText(plane, at) : "…"];
  }

  valueText(plane, at, image = 0) {
    const { scene } = this.stores[image];
    if (scene.colour) return `${scene.approximate ? "≈ " : ""}RGB ${[...plane.image.subarray(3 * at, 3 * at + 3)].join(", ")}`;
    const value = this.palettes[image].value(plane.image[at]);
    const text = scene.levels ? this.number(value, this.windowOf(image)[1]) : scene.dtype === "float32" ? Number(value.toPrecision(5)) : value;
    return `${scene.approximate ? "≈ " : ""}${text} ${scene.units}`.trim();
  }

  stop() {
    this.stopping.abort();
    clearInterval(this.playing);
    clearTimeout(this.saving);
    clearTimeout(this.noticing);
    this.sizes.disconnect();
    this.stores.forEach((store) => {
      store.listeners.delete(this.arrived);
      store.forget(this);
    });
    this.shared.forEach((name) => this.model.off(`change:${name}`, this.changed));
  }
}
