// One picture for every setting, and controls that choose which is shown.

/** An element with properties: make("input", {type: "range"}, child, …). */
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A slider for numbers, a list for names. */
function control(knob, change) {
  if (knob.names) {
    const list = make("select", {}, ...knob.texts.map((text, n) => make("option", { value: n, textContent: text })));
    list.addEventListener("change", () => change(Number(list.value)));
    return { input: list, parts: [list], show: (n) => (list.value = n) };
  }
  const slider = make("input", { type: "range", min: 0, max: knob.texts.length - 1, step: 1 });
  const read = make("output", {});
  read.style.minWidth = `${Math.max(...knob.texts.map((text) => text.length))}ch`;
  slider.addEventListener("input", () => change(Number(slider.value)));
  const show = (n) => {
    slider.value = n;
    slider.setAttribute("aria-valuetext", knob.texts[n]);
    read.textContent = knob.texts[n];
  };
  return { input: slider, parts: [slider, read], show };
}

function render({ model, el }) {
  const knobs = model.get("_knobs");
  const picture = make("img", { draggable: false });
  const controls = knobs.map((knob, k) =>
    control(knob, (n) => {
      model.set("_at", model.get("_at").with(k, n));
      model.save_changes();
    }),
  );
  const row = make(
    "div",
    { className: "medlab-explore-controls" },
    ...controls.map(({ parts }, k) => make("label", {}, make("span", { textContent: knobs[k].label }), ...parts)),
  );
  const show = () => {
    const at = model.get("_at");
    const frame = at.reduce((before, n, k) => before * knobs[k].texts.length + n, 0);
    picture.src = model.get("_frames")[frame];
    picture.alt = knobs.map((knob, k) => `${knob.label}: ${knob.texts[at[k]]}`).join(", ");
    picture.dataset.shown = frame;
    controls.forEach((one, k) => one.show(at[k]));
  };
  el.append(make("div", { className: "medlab-explore" }, row, picture));
  model.on("change:_at", show);
  show();
  return () => model.off("change:_at", show);
}

export default { render };
