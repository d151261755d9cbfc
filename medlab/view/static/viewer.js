// One view: the state shown, its panes and its controls. `model` is anywidget's, or the page's stand-in.
import { Controls, h } from "./controls.js";
import { millimetres, original } from "./geometry.js";
import { listen } from "./gestures.js";
import { Palette } from "./paint.js";
import { Pane } from "./pane.js";

const SHARED = ["axis", "position", "time", "window", "three_planes"];
const SAVE_MS = 50;
const NOTICE_MS = 150;
const FRAMES_PER_SECOND = 12;

export class Viewer {
  constructor(el, model, store) {
    Object.assign(this, { el, model, store, scene: store.scene });
    const { outline, opacity, inverted, colour } = this.scene;
    Object.assign(this, { outline, opacity, inverted, smooth: true, hidden: new Set(), playing: null });
    this.tool = colour ? "crosshair" : "window";
    this.firstWindow = [...this.window];
    this.palette = new Palette(this.scene);
    this.stopping = new AbortController();
    this.build();
    this.listen();
    this.arrange();
  }

  get axis() { return this.model.get("axis"); }
  get position() { return this.model.get("position"); }
  get time() { return this.model.get("time"); }
  get window() { return this.model.get("window"); }
  get three() { return this.scene.planes.length > 1 && this.model.get("three_planes"); }

  build() {
    this.controls = new Controls(this);
    const { toolbar, sliders, legend, readout, note, help } = this.controls;
    this.area = h("div", { class: "medlab-area" });
    this.area.style.setProperty("--height", `${this.scene.height}px`);
    this.root = h("div", { class: "medlab-viewer", "data-lm-suppress-shortcuts": "true", role: "group", "aria-label": `Slice viewer ${this.scene.title}` },
      toolbar, h("div", { class: "medlab-stage" }, this.area, help), sliders, legend, readout, note);
    this.el.append(this.root);
  }

  listen() {
    const { signal } = this.stopping;
    this.changed = () => {
      this.arrange();
      this.request();
    };
    SHARED.forEach((name) => this.model.on(`change:${name}`, this.changed));
    this.arrived = () => this.takeNotice();
    this.store.listeners.add(this.arrived);
    this.root.addEventListener("keydown", (event) => this.key(event), { signal });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.area);
  }

  /** Make the panes that are shown, the current plane first; the first one stays, so that it keeps the focus. */
  arrange() {
    const axes = this.scene.planes.map((p) => p.axis);
    const shown = this.three ? [this.axis, ...axes.filter((a) => a !== this.axis)] : [this.axis];
    this.panes ??= [];
    if (this.panes.length !== shown.length) {
      this.panes.splice(shown.length).forEach((pane) => pane.canvas.remove());
      shown.forEach((axis, n) => (this.panes[n] ? this.panes[n].show(axis) : this.addPane(axis)));
      this.area.dataset.planes = shown.length;
    } else if (!this.three) this.panes[0].show(this.axis);
    this.store.need(this, this.panes.map((pane) => pane.need));
  }

  addPane(axis) {
    const pane = new Pane(this, axis);
    listen(pane, this, this.stopping.signal);
    this.panes.push(pane);
    this.area.append(pane.canvas);
  }

  request() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  /** Slices have arrived: draw if one of them was waited for, else only tell how many are here. */
  takeNotice() {
    if (this.panes.some((pane) => !pane.canvas.dataset.drawn && this.store.has(pane.need))) this.request();
    this.noticing ??= setTimeout(() => {
      this.noticing = null;
      this.controls.refresh();
      this.read();
    }, NOTICE_MS);
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (this.stopping.signal.aborted) return;
    this.palette.set(...this.window, this.inverted);
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

  goTo(axis, index) {
    const position = [...this.position];
    position[axis] = Math.min(Math.max(index, 0), this.scene.grid[1 + axis] - 1);
    if (position[axis] === this.position[axis]) return false;
    this.set({ position });
    return true;
  }

  step(axis, steps) {
    return this.goTo(axis, this.position[axis] + steps);
  }

  canStep(axis, direction) {
    const next = this.position[axis] + direction;
    return next >= 0 && next < this.scene.grid[1 + axis];
  }

  stepTime(steps) {
    const T = this.scene.grid[0];
    if (T > 1) this.set({ time: (this.time + steps + T) % T });
    else if (this.scene.fast !== "slice") this.step(0, steps);
  }

  pointTo(pane, x, y) {
    const position = pane.positionUnder(x, y);
    if (position) this.set({ position });
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
    this.controls.read(pane?.positionUnder(x, y) ?? this.position);
  }

  preset(name) {
    const found = this.scene.presets.find((p) => p.name === name);
    if (found) this.set({ window: [found.centre, found.width] });
    else this.request();
  }

  presetName() {
    const [centre, width] = this.window;
    const near = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1e-9, width);
    return this.scene.presets.find((p) => near(p.centre, centre) && near(p.width, width))?.name;
  }

  typeWindow(n, value) {
    const next = [...this.window];
    next[n] = value;
    if (Number.isFinite(value) && next[1] > 0) this.set({ window: next });
    else this.request();
  }

  /** Sideways changes the width, up and down the centre; faster the wider the window is. */
  dragWindow([centre, width], dx, dy) {
    const speed = Math.max(width, this.scene.presets[0].width / 20) / 250;
    const tidy = (v) => (this.scene.dtype === "float32" ? Number(v.toPrecision(5)) : Math.round(v));
    const least = this.scene.dtype === "float32" ? width * 1e-3 : 1;
    const direction = this.inverted ? -1 : 1;
    this.set({ window: [tidy(centre - direction * dy * speed), Math.max(tidy(width + dx * speed), least)] });
  }

  toggleThree() {
    this.set({ three_planes: !this.three });
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
    this.store.need(this, this.panes.map(({ axis }) => ({ axis, time: next.time, index: next.position[axis], slice: next.position[0] })));
    if (this.panes.every(({ axis }) => this.store.has({ axis, time: next.time, index: next.position[axis] }))) this.set(next);
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
      ArrowUp: () => this.step(axis, -1), ArrowDown: () => this.step(axis, 1),
      PageUp: () => this.step(axis, -10), PageDown: () => this.step(axis, 10),
      Home: () => this.goTo(axis, 0), End: () => this.goTo(axis, last),
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

  planeName(axis) {
    return this.scene.planes.find((p) => p.axis === axis).name;
  }

  counterText(axis) {
    const at = (index) => Math.round(original(this.scene, axis, index));
    return `${at(this.position[axis])} / ${at(this.scene.grid[1 + axis] - 1)}`;
  }

  timeText() {
    const { values, unit } = this.scene.steps ?? {};
    const count = `${this.time} / ${this.scene.grid[0] - 1}`;
    return values && this.scene.slow === "time" ? `${count} · ${values[this.time]} ${unit}` : count;
  }

  placeText({ axis }) {
    const { scene } = this;
    const words = [];
    if (scene.planes.length > 1 || scene.grid[1] > 1) {
      words.push(scene.fast === "slice" ? this.planeName(axis) : scene.fast, this.counterText(axis));
    }
    if (scene.grid[0] > 1) words.push(`· ${scene.slow} ${this.timeText()}`);
    return words.join(" ");
  }

  windowText() {
    if (this.scene.colour) return [];
    const [centre, width] = this.window.map((v) => this.number(v));
    const lines = [`C ${centre}  W ${width} ${this.scene.units}`.trim()];
    if (this.presetName()) lines.unshift(this.presetName());
    return lines;
  }

  describe(pane) {
    return `${this.scene.title} ${this.placeText(pane)}. ${this.windowText().join(", ")}`.trim();
  }

  /** A number as short as its neighbours on the grey scale can be told apart. */
  number(value) {
    if (!Number.isFinite(value)) return String(value);
    if (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)) return value.toExponential(2);
    return String(Number(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(Math.max(this.window[1], 1e-3)))))));
  }

  readingAt(position) {
    const { scene } = this;
    const plane = this.store.plane({ axis: 0, time: this.time, index: position[0] });
    const at = position[1] * scene.grid[3] + position[2];
    const index = position.map((n, axis) => Number(original(scene, axis, n).toFixed(1)));
    const parts = [plane ? this.valueText(plane, at) : "…"];
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

  valueText(plane, at) {
    const { scene } = this;
    if (scene.colour) return `${scene.approximate ? "≈ " : ""}RGB ${[...plane.image.subarray(3 * at, 3 * at + 3)].join(", ")}`;
    const value = this.palette.value(plane.image[at]);
    const text = scene.levels ? this.number(value) : scene.dtype === "float32" ? Number(value.toPrecision(5)) : value;
    return `${scene.approximate ? "≈ " : ""}${text} ${scene.units}`.trim();
  }

  stop() {
    this.stopping.abort();
    clearInterval(this.playing);
    clearTimeout(this.saving);
    clearTimeout(this.noticing);
    this.sizes.disconnect();
    this.store.listeners.delete(this.arrived);
    this.store.forget(this);
    SHARED.forEach((name) => this.model.off(`change:${name}`, this.changed));
  }
}
