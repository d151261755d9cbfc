// Toolbar, sliders, legend, read-out and help around the panes.
import { ARRAYS } from "./packet.js";

const ICONS = {
  window: '<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/>',
  crosshair: '<path d="M8 1.5v4.5M8 10v4.5M1.5 8H6M10 8h4.5"/><circle cx="8" cy="8" r="1" fill="currentColor"/>',
  pan: '<path d="M8 1.8v12.4M1.8 8h12.4M6 3.8l2-2 2 2M6 12.2l2 2 2-2M3.8 6l-2 2 2 2M12.2 6l2 2-2 2"/>',
  zoom: '<circle cx="7" cy="7" r="4.5"/><path d="M10.4 10.4 14 14M5 7h4M7 5v4"/>',
  fit: '<path d="M2 6V2h4M14 6V2h-4M2 10v4h4M14 10v4h-4"/>',
  invert: '<rect x="2.5" y="2.5" width="11" height="11" rx="1.5"/><path d="M2.5 13.5l11-11v11z" fill="currentColor"/>',
  smooth: '<path d="M2 12c3 0 3-8 6-8s3 8 6 8"/>',
  three: '<rect x="2" y="2.5" width="7" height="11" rx="1"/><rect x="10.5" y="2.5" width="3.5" height="5" rx="1"/><rect x="10.5" y="8.5" width="3.5" height="5" rx="1"/>',
  play: '<path d="M4.5 2.8v10.4L13 8z" fill="currentColor"/>',
  pause: '<path d="M5 3v10M11 3v10" stroke-width="2.4"/>',
  brush: '<path d="M13.5 2.5 7 9"/><path d="M6.2 8.8c1.6 0 2.4 1.2 2 2.6-.5 1.7-2.6 2.6-5.7 2.1 1.4-.6 1.3-1.5 1.5-2.6.2-1.3 1-2.1 2.2-2.100z" fill="currentColor"/>',
  eraser: '<path d="M9 3 2.5 9.500l3.5 3.500h2l5.5-5.500zM6 6l4.5 4.500M7 13h7"/>',
  box: '<rect x="2.5" y="3.5" width="11" height="9"/>',
  ellipse: '<ellipse cx="8" cy="8" rx="6" ry="4.5"/>',
  point: '<circle cx="8" cy="8" r="2.4" fill="currentColor"/>',
  length: '<path d="M3 13 13 3M1.8 10.8 5.2 14.200M10.8 1.800l3.4 3.4"/>',
  select: '<path d="M4 2v11l3-2.8 2 4 1.8-.9-2-3.9 4.2-.3z"/>',
  undo: '<path d="M3 6.500h6.500a3.5 3.5 0 0 1 0 7H6M5.8 3.500l-3 3 3 3"/>',
  redo: '<path d="M13 6.500H6.500a3.5 3.5 0 0 0 0 7H10M10.2 3.500l3 3-3 3"/>',
  copy: '<rect x="2" y="2" width="8" height="8" rx="1"/><path d="M12.5 6v7.500H5M10.5 11.500l2 2 2-2"/>',
  help: '<circle cx="8" cy="8" r="6.2"/><path d="M6 6.3a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1M8 11.4v.2"/>',
};

const TOOLS = [
  ["window", "Window: drag changes brightness and contrast (W)"],
  ["crosshair", "Crosshair: drag moves the position (C)"],
  ["pan", "Pan: drag moves the picture (P)"],
  ["zoom", "Zoom: drag up or down (Z)"],
];

const KEYS = [
  ["Scroll, ↑ ↓", "next and previous slice; Page Up/Down 10; Home, End"],
  ["← →", "time point or frame"],
  ["Drag", "window: sideways width, up and down centre"],
  ["Click", "set the crosshair"],
  ["Ctrl + scroll, + −", "zoom"],
  ["Shift + drag, middle drag", "pan"],
  ["0, double click", "fit the picture again"],
  ["A, T", "next plane; three planes"],
  ["W C P Z", "what dragging does"],
  ["R", "first window again"],
  ["I, S", "invert; smooth or plain pixels"],
  ["M, O", "masks on or off; outline or fill"],
  ["Space", "play"],
];

/** An element: h("button", {class: "x", onclick: f}, child, …). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

function icon(name) {
  const holder = h("span", { class: "medlab-icon", "aria-hidden": "true" });
  holder.innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round">${ICONS[name]}</svg>`;
  return holder;
}

export function iconButton(name, label, onclick, pressed) {
  return h("button", { type: "button", class: "medlab-button", title: label, "aria-label": label, "aria-pressed": pressed, onclick }, icon(name));
}

export function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

export class Controls {
  constructor(viewer) {
    this.viewer = viewer;
    this.updates = [];
    this.toolbar = h("div", { class: "medlab-toolbar", role: "toolbar", "aria-label": "Image tools" },
      this.title(), this.planes(), this.windows(0), h("span", { class: "medlab-space" }), this.tools(), this.looks());
    this.rows = this.moreRows();
    this.sliders = h("div", { class: "medlab-sliders" }, this.sliceSlider(), this.timeSlider());
    this.legend = this.regions();
    this.readout = h("div", { class: "medlab-readout", "aria-live": "off" });
    this.note = h("div", { class: "medlab-note", role: "status", hidden: true });
    this.help = this.helpBox();
  }

  refresh() {
    this.updates.forEach((update) => update());
    const note = this.viewer.stores.map((store) => store.note).find(Boolean) ?? "";
    this.note.hidden = !note;
    if (this.note.textContent !== note) this.note.textContent = note;
  }

  each(update) {
    this.updates.push(update);
  }

  /** Rows of tools that another kind of view adds below the toolbar. */
  moreRows() {
    return [];
  }

  title() {
    const { title } = this.viewer.scene;
    return title ? h("span", { class: "medlab-title", title }, title) : null;
  }

  planes() {
    const { scene } = this.viewer;
    if (scene.planes.length < 2) return null;
    const order = [...scene.planes].sort((a, b) => rank(a) - rank(b));
    const buttons = order.map(({ axis, name }) => {
      const button = h("button", { type: "button", class: "medlab-button medlab-text", title: `${name} plane (A: next)`, onclick: () => this.viewer.set({ axis, three_planes: false }) }, capital(name));
      this.each(() => press(button, !this.viewer.three && this.viewer.axis === axis));
      return button;
    });
    const three = iconButton("three", "Three linked planes (T)", () => this.viewer.toggleThree());
    this.each(() => {
      three.hidden = !this.viewer.offersThree;
      press(three, this.viewer.three);
    });
    return h("div", { class: "medlab-group", role: "group", "aria-label": "Plane" }, ...buttons, three);
  }

  /** Preset, centre and width of one of the images. */
  windows(image, name = "Window") {
    const { scene } = this.viewer.stores[image];
    if (scene.colour) return null;
    const custom = h("option", { value: "" }, "custom");
    const select = h("select", { class: "medlab-select", title: `${name} preset`, "aria-label": `${name} preset`, onchange: () => this.viewer.preset(select.value, image) },
      ...scene.presets.map(({ name }) => h("option", { value: name }, name)), custom);
    const box = (label, n) => {
      const input = h("input", { type: "number", step: "any", class: "medlab-number", "aria-label": `${name} ${label}`, title: `${name} ${label} (${scene.units || "value"})`, onchange: () => this.viewer.typeWindow(n, Number(input.value), image) });
      this.each(() => {
        if (document.activeElement !== input && input.getRootNode().activeElement !== input) input.value = this.viewer.number(this.viewer.windowOf(image)[n], this.viewer.windowOf(image)[1]);
      });
      return h("label", { class: "medlab-label" }, h("span", { "aria-hidden": "true" }, label[0].toUpperCase()), input);
    };
    this.each(() => (select.value = this.viewer.presetName(image) ?? ""));
    return h("div", { class: "medlab-group", role: "group", "aria-label": name }, select, box("centre", 0), box("width", 1));
  }

  tools() {
    const buttons = TOOLS.filter(([name]) => name !== "window" || !this.viewer.scene.colour).map(([name, label]) => {
      const button = iconButton(name, label, () => this.viewer.use(name));
      this.each(() => press(button, this.viewer.tool === name));
      return button;
    });
    return h("div", { class: "medlab-group", role: "group", "aria-label": "What dragging does" }, ...buttons);
  }

  looks() {
    const { viewer } = this;
    const invert = viewer.scene.colour ? null : iconButton("invert", "Invert grey levels (I)", () => viewer.toggle("inverted"));
    const smooth = iconButton("smooth", "Smooth, or plain pixels (S)", () => viewer.toggle("smooth"));
    const fit = iconButton("fit", "Fit the picture again (0)", () => viewer.fit());
    const help = iconButton("help", "Keys and gestures (?)", () => viewer.toggleHelp());
    this.each(() => {
      if (invert) press(invert, viewer.inverted);
      press(smooth, viewer.smooth);
      press(help, !this.help.hidden);
    });
    return h("div", { class: "medlab-group" }, ...[invert, smooth, fit, help].filter(Boolean));
  }

  slider(label, length, get, set, extra) {
    const input = h("input", { type: "range", min: 0, max: length() - 1, step: 1, class: "medlab-range", "aria-label": label(), title: label(), oninput: () => set(Number(input.value)) });
    const number = h("output", { class: "medlab-count" });
    const loaded = h("canvas", { class: "medlab-loaded", height: 1, "aria-hidden": "true" });
    this.each(() => {
      input.max = length() - 1;
      input.value = get();
      input.setAttribute("aria-label", label());
      input.setAttribute("aria-valuetext", extra());
      number.textContent = extra();
    });
    return { input, number, loaded, row: h("div", { class: "medlab-slider" }, h("span", { class: "medlab-track" }, input, loaded), number) };
  }

  sliceSlider() {
    const { viewer } = this;
    const { scene } = viewer;
    if (Math.max(...scene.grid.slice(1)) < 2 || (scene.planes.length < 2 && scene.grid[1] < 2)) return null;
    const slider = this.slider(
      () => (scene.fast === "slice" ? `${viewer.planeName(viewer.axis)} slice` : scene.fast),
      () => scene.grid[1 + viewer.axis],
      () => viewer.position[viewer.axis],
      (index) => viewer.goTo(viewer.axis, index),
      () => viewer.counterText(viewer.axis),
    );
    if (scene.fast !== "slice") slider.row.prepend(this.player());
    this.each(() => this.drawLoaded(slider.loaded));
    return slider.row;
  }

  timeSlider() {
    const { viewer } = this;
    const { scene } = viewer;
    if (scene.grid[0] < 2) return null;
    const slider = this.slider(
      () => scene.slow,
      () => scene.grid[0],
      () => viewer.time,
      (time) => viewer.set({ time }),
      () => viewer.timeText(),
    );
    if (scene.slow === "time") slider.row.prepend(this.player());
    return slider.row;
  }

  player() {
    const button = h("button", { type: "button", class: "medlab-button", onclick: () => this.viewer.togglePlay() });
    this.each(() => {
      const name = this.viewer.playing ? "pause" : "play";
      if (button.dataset.name === name) return;
      button.dataset.name = name;
      button.replaceChildren(icon(name));
      button.title = name === "play" ? "Play (Space)" : "Pause (Space)";
      button.setAttribute("aria-label", button.title);
    });
    return button;
  }

  /** A line under the slider that shows which slices have arrived. */
  drawLoaded(canvas) {
    const { store, scene, time, axis } = this.viewer;
    const K = scene.grid[1];
    const done = store.loaded[time];
    canvas.hidden = done === K;
    if (canvas.hidden || canvas.dataset.done === `${time}:${axis}:${done}`) return;
    canvas.dataset.done = `${time}:${axis}:${done}`;
    canvas.width = axis === 0 ? K : 100;
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = getComputedStyle(canvas).color;
    if (axis !== 0) return ctx.fillRect(0, 0, (100 * done) / K, 1);
    for (let k = 0; k < K; k++) if (store.slices.has(time * K + k)) ctx.fillRect(k, 0, 1, 1);
  }

  regions() {
    const { viewer } = this;
    const { regions } = viewer.scene;
    if (!regions.length) return null;
    const chips = regions.map(({ name, colour }, n) => {
      const swatch = h("span", { class: "medlab-swatch", style: `--region: ${colour}`, "aria-hidden": "true" });
      const chip = h("button", { type: "button", class: "medlab-chip", title: `Show or hide ${name}`, onclick: () => viewer.toggleRegion(n) }, swatch, name);
      this.each(() => press(chip, !viewer.hidden.has(n)));
      return chip;
    });
    const opacity = h("input", { type: "range", min: 0, max: 1, step: 0.05, class: "medlab-range medlab-short", "aria-label": "Mask opacity", title: "Mask opacity", oninput: () => viewer.look({ opacity: Number(opacity.value) }) });
    const outline = h("button", { type: "button", class: "medlab-button medlab-text", title: "Outline instead of fill (O)", onclick: () => viewer.toggle("outline") }, "Outline");
    this.each(() => {
      opacity.value = viewer.opacity;
      opacity.disabled = viewer.outline;
      press(outline, viewer.outline);
    });
    const all = h("button", { type: "button", class: "medlab-button medlab-text", title: "Show or hide all masks (M)", onclick: () => viewer.toggleMasks() }, "All");
    this.each(() => press(all, viewer.hidden.size === 0));
    return h("div", { class: "medlab-legend", role: "group", "aria-label": "Masks" },
      h("div", { class: "medlab-chips" }, ...chips),
      h("span", { class: "medlab-group" }, regions.length > 1 ? all : "", opacity, outline));
  }

  keys() {
    return KEYS;
  }

  helpBox() {
    const rows = this.keys().flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
    const close = h("button", { type: "button", class: "medlab-button medlab-text", onclick: () => this.viewer.toggleHelp() }, "Close");
    return h("div", { class: "medlab-help", role: "dialog", "aria-label": "Keys and gestures", hidden: true }, h("dl", {}, ...rows), close);
  }

  /** Write what lies at a position: value, region, index and millimetres. */
  read(position, pane) {
    const text = position ? this.viewer.readingAt(position, pane) : "";
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }
}

/** Whether this page can show values of a type; a guard against a newer kernel side. */
export function knows(scene) {
  return scene && scene.dtype in ARRAYS;
}

function rank({ name, axis }) {
  const order = ["axial", "coronal", "sagittal"].indexOf(name);
  return order < 0 ? axis : order;
}

function capital(name) {
  return name[0].toUpperCase() + name.slice(1);
}
