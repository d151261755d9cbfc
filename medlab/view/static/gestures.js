// What pointer and wheel do on a pane.

const NOTCH = 40; // wheel travel, in pixels, that moves one slice
const KEEP_WHEEL_MS = 500;
const STILL = 4; // a press that moves less is a click

/** Listen on a pane's canvas; `tool()` names what dragging with the main button does. */
export function listen(pane, viewer, signal) {
  const { canvas } = pane;
  let drag = null;
  let travel = 0;
  let lastMove = 0;

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const wheel = (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      pane.zoom(Math.exp(-event.deltaY * 0.004), ...at(event));
      viewer.request();
      return;
    }
    const delta = event.deltaMode === 0 ? event.deltaY : event.deltaY * NOTCH;
    travel = travel * delta < 0 ? delta : travel + delta;
    const steps = Math.abs(delta) >= 100 ? Math.sign(delta) : Math.trunc(travel / NOTCH);
    if (steps) travel = 0;
    const moved = steps !== 0 && viewer.step(pane.axis, steps, pane);
    if (moved) lastMove = event.timeStamp;
    const more = viewer.canStep(pane.axis, Math.sign(event.deltaY), pane);
    if (moved || more || event.timeStamp - lastMove < KEEP_WHEEL_MS) event.preventDefault();
  };

  const down = (event) => {
    if (event.button > 1) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const tool = event.button === 1 || event.shiftKey ? "pan" : viewer.tool;
    const image = viewer.imageOf(pane, event.altKey);
    drag = { tool, image, from: at(event), last: at(event), window: [...viewer.windowOf(image)], moved: false };
    viewer.activate(pane);
    drag.held = viewer.grab(pane, tool, ...at(event));
    viewer.request();
    if (tool === "crosshair") viewer.pointTo(pane, ...at(event));
  };

  const move = (event) => {
    const [x, y] = at(event);
    viewer.hover(pane, x, y);
    if (!drag) return;
    if (drag.held) {
      drag.held.move(x, y);
      return viewer.request();
    }
    const [dx, dy] = [x - drag.from[0], y - drag.from[1]];
    drag.moved ||= Math.hypot(dx, dy) >= STILL;
    if (!drag.moved) return;
    const step = [x - drag.last[0], y - drag.last[1]];
    drag.last = [x, y];
    if (drag.tool === "window") viewer.dragWindow(drag.window, dx, dy, drag.image);
    if (drag.tool === "crosshair") viewer.pointTo(pane, x, y);
    if (drag.tool === "pan") pane.view.pan = pane.view.pan.map((p, n) => p + step[n]);
    if (drag.tool === "zoom") pane.zoom(Math.exp(-step[1] * 0.01), ...drag.from);
    viewer.request();
  };

  const up = () => {
    drag?.held?.end();
    if (drag && !drag.moved && drag.tool === "window") viewer.pointTo(pane, ...drag.from);
    drag = null;
  };

  const on = (name, handler, options = {}) => canvas.addEventListener(name, handler, { signal, ...options });
  on("wheel", wheel, { passive: false });
  on("pointerdown", down);
  on("pointermove", move);
  on("pointerup", up);
  on("pointercancel", up);
  on("pointerleave", () => viewer.hover(null));
  on("focus", () => viewer.activate(pane));
  on("dblclick", () => {
    pane.reset();
    viewer.request();
  });
}
