// Where a view lives: in a notebook with a kernel behind it, or alone on a page.
import { knows } from "./controls.js";
import { inflate, restored, unpack } from "./packet.js";
import { Store } from "./store.js";
import { Viewer } from "./viewer.js";

const CHECK_MS = 3000;

/** What anywidget loads: one store of slices for a model, however many views it has. */
function widget() {
  let store = null;
  const open = (model) => {
    if (store) return;
    const scene = model.get("_scene");
    if (!knows(scene)) throw new Error("The page and the kernel run different versions of medlab; restart both.");
    store = new Store(scene, (message) => model.send(message));
    store.add(unpack(model.get("_first"), scene.dtype));
    model.on("msg:custom", (content, buffers) => store.receive(content, buffers));
    const timer = setInterval(() => store.check(), CHECK_MS);
    model.on("destroy", () => clearInterval(timer));
  };
  return {
    initialize: ({ model }) => open(model),
    render({ model, el }) {
      try {
        open(model);
        const viewer = new Viewer(el, model, store);
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
    const block = await inflate(page.getElementById("medlab-data").textContent);
    const pieces = unpack(block, scene.coding === "jpeg" ? "uint8" : scene.dtype);
    const distance = (piece) => Math.abs(piece.time - state.time) * scene.grid[1] + Math.abs(piece.index - state.position[0]);
    pieces.sort((a, b) => distance(a) - distance(b));
    const store = new Store(scene, null);
    const viewer = new Viewer(el, new PageModel(state), store);
    for (const piece of pieces) store.add([{ ...piece, image: await restored(piece.image, scene) }]);
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
