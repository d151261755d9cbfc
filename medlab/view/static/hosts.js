// Where a view lives: in a notebook with a kernel behind it, or alone on a page.
import { Annotation } from "./annotate.js";
import { Comparison } from "./compare.js";
import { knows } from "./controls.js";
import { inflate, restored, unpack } from "./packet.js";
import { Store } from "./store.js";
import { Viewer } from "./viewer.js";

const CHECK_MS = 3000;

/** The view that suits what is shown. */
function viewerFor(el, model, stores) {
  if (stores[0].scene.drawing) return new Annotation(el, model, stores);
  return stores.length > 1 ? new Comparison(el, model, stores) : new Viewer(el, model, stores);
}

/** What anywidget loads: one store of slices for each image of a model, however many views it has. */
function widget() {
  let stores = null;
  const open = (model) => {
    if (stores) return;
    const scene = model.get("_scene");
    if (!knows(scene)) throw new Error("The page and the kernel run different versions of medlab; restart both.");
    stores = [scene, scene.other].filter(Boolean).map((one, image) => new Store(one, (message) => model.send({ ...message, image })));
    stores.forEach((store, image) => store.add(unpack(model.get(image ? "_b_first" : "_first"), store.scene.dtype)));
    model.on("msg:custom", (content, buffers) => stores[content.image ?? 0]?.receive(content, buffers));
    const timer = setInterval(() => stores.forEach((store) => store.check()), CHECK_MS);
    model.on("destroy", () => clearInterval(timer));
  };
  return {
    initialize: ({ model }) => open(model),
    render({ model, el }) {
      try {
        open(model);
        const viewer = viewerFor(el, model, stores);
        return () => viewer.stop();
      } catch (error) {
        explain(el, error);
        return undefined;
      }
    },
  };
}

/** Stands in for anywidget's model on a page without a kernel. */
class PageModel {
  constructor(state) {
    this.state = state;
    this.listeners = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
    this.state[name] = value;
    this.listeners.get(`change:${name}`)?.forEach((listener) => listener());
  }

  on(name, listener) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name).add(listener);
  }

  off(name, listener) {
    this.listeners.get(name)?.delete(listener);
  }

  save_changes() {}
}

/** Show the view that a page carries in its script elements. */
async function openPage(page) {
  const el = page.getElementById("medlab-view");
  try {
    const { scene, state } = JSON.parse(page.getElementById("medlab-scene").textContent);
    const blocks = page.getElementById("medlab-data").textContent.trim().split("\n");
    const stores = [scene, scene.other].filter(Boolean).map((one) => new Store(one, null));
    const pieces = (await Promise.all(blocks.map(inflate))).flatMap((block, image) => {
      const { coding, dtype } = stores[image].scene;
      return unpack(block, coding === "jpeg" ? "uint8" : dtype).map((piece) => ({ piece, store: stores[image] }));
    });
    const distance = ({ piece }) => Math.abs(piece.time - state.time) * scene.grid[1] + Math.abs(piece.index - state.position[0]);
    pieces.sort((a, b) => distance(a) - distance(b));
    const viewer = viewerFor(el, new PageModel(state), stores);
    for (const { piece, store } of pieces) store.add([{ ...piece, image: await restored(piece.image, store.scene) }]);
    viewer.takeNotice();
  } catch (error) {
    explain(el, error);
  }
}

/** Say in the view's place why nothing is drawn there. */
function explain(el, error) {
  const note = document.createElement("p");
  note.className = "medlab-failed";
  note.setAttribute("role", "alert");
  note.textContent = `This view could not be drawn: ${error.message ?? error}. It needs a current Chrome, Edge, Firefox or Safari.`;
  el.replaceChildren(note);
  console.error(error);
}
