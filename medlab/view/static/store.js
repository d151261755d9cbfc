// What has arrived from the kernel, what is asked for next, and planes cut through it.
import { unpack } from "./packet.js";

const CHUNK_BYTES = 2e6; // asked for at a time, so that a jump never waits long behind it
const BACKGROUND_REQUESTS = 2;
const URGENT_REQUESTS = 4;
const KEPT_BYTES = 1.5e9; // more than this is not kept: the oldest go
const CUTS_KEPT = 60;
const PATIENCE_MS = 12000;

export class Store {
  /** `send(message)` asks the kernel; null where there is none and all data is given with `add`. */
  constructor(scene, send) {
    this.scene = scene;
    this.send = send;
    this.slices = new Map(); // time * K + k -> {image, masks}
    this.cuts = new Map(); // "axis:time:index" -> {image, masks}
    this.loaded = new Array(scene.grid[0]).fill(0);
    this.bytes = 0;
    this.listeners = new Set();
    this.needs = new Map(); // owner -> [{axis, time, index}]
    this.requests = new Map(); // id -> {keys, urgent, since}
    this.prefix = Math.random().toString(36).slice(2);
    this.count = 0;
    this.note = "";
  }

  add(pieces) {
    for (const piece of pieces) {
      const plane = { image: piece.image, masks: piece.masks };
      if (piece.axis !== 0) this.remember(keyOf(piece), plane);
      else this.keep(piece.time * this.scene.grid[1] + piece.index, piece.time, plane);
    }
    this.note = "";
    this.changed();
  }

  keep(number, time, plane) {
    if (!this.slices.has(number)) {
      this.loaded[time]++;
      this.bytes += size(plane);
    }
    this.slices.set(number, plane);
    const shown = new Set([...this.needs.values()].flat().map((n) => n.time * this.scene.grid[1] + n.index));
    for (const [old, gone] of this.slices) {
      if (this.bytes <= KEPT_BYTES) break;
      if (shown.has(old) || old === number) continue;
      this.slices.delete(old);
      this.loaded[Math.floor(old / this.scene.grid[1])]--;
      this.bytes -= size(gone);
    }
  }

  remember(key, plane) {
    this.cuts.set(key, plane);
    if (this.cuts.size > CUTS_KEPT) this.cuts.delete(this.cuts.keys().next().value);
  }

  complete(time) {
    return this.loaded[time] === this.scene.grid[1];
  }

  has(need) {
    if (need.axis === 0) return this.slices.has(need.time * this.scene.grid[1] + need.index);
    return this.cuts.has(keyOf(need)) || this.complete(need.time);
  }

  /** The plane {image, masks} in array order, or null while it is on its way. */
  plane(need) {
    if (need.axis === 0) return this.slices.get(need.time * this.scene.grid[1] + need.index) ?? null;
    const key = keyOf(need);
    if (!this.cuts.has(key) && this.complete(need.time)) this.remember(key, this.cut(need));
    return this.cuts.get(key) ?? null;
  }

  cut({ axis, time, index }) {
    const [, K, J, I] = this.scene.grid;
    const width = axis === 1 ? I : J;
    const step = this.scene.colour ? 3 : 1;
    const stack = Array.from({ length: K }, (_, k) => this.slices.get(time * K + k));
    const take = (source, target, k, per) => {
      if (axis === 1) target.set(source.subarray(index * I * per, (index + 1) * I * per), k * I * per);
      else for (let j = 0; j < J; j++) for (let c = 0; c < per; c++) target[(k * J + j) * per + c] = source[(j * I + index) * per + c];
    };
    const image = new stack[0].image.constructor(K * width * step);
    stack.forEach((slice, k) => take(slice.image, image, k, step));
    const masks = stack[0].masks.map((_, layer) => {
      if (stack.every((slice) => !slice.masks[layer])) return null;
      const mask = new Uint8Array(K * width);
      stack.forEach((slice, k) => slice.masks[layer] && take(slice.masks[layer], mask, k, 1));
      return mask;
    });
    return { image, masks };
  }

  /** Say which planes a view shows now; the first of them is the centre of what is loaded next. */
  need(owner, planes) {
    this.needs.set(owner, planes);
    this.pump();
  }

  forget(owner) {
    this.needs.delete(owner);
  }

  /** Ask the kernel for what is shown but missing, then for the neighbours, nearest first. */
  pump() {
    if (!this.send) return;
    const underway = new Set([...this.requests.values()].flatMap((r) => r.keys));
    const open = (urgent) => [...this.requests.values()].filter((r) => r.urgent === urgent).length;
    for (const need of [...this.needs.values()].flat()) {
      if (this.has(need) || underway.has(keyOf(need)) || open(true) >= URGENT_REQUESTS) continue;
      underway.add(keyOf(need));
      this.ask(need.axis, need.time, [need.index], true);
    }
    while (open(false) < BACKGROUND_REQUESTS) {
      const chunk = this.nextChunk(underway);
      if (!chunk) break;
      chunk.indices.forEach((index) => underway.add(keyOf({ axis: 0, time: chunk.time, index })));
      this.ask(0, chunk.time, chunk.indices, false);
    }
  }

  nextChunk(underway) {
    const centre = [...this.needs.values()].flat()[0];
    if (!centre || this.bytes > 0.9 * KEPT_BYTES) return null;
    const [T, K, J, I] = this.scene.grid;
    const bytes = J * I * (this.scene.colour ? 3 : { uint8: 1, float32: 4 }[this.scene.dtype] ?? 2);
    const most = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
    for (const time of nearestFirst(centre.time, T)) {
      if (this.complete(time)) continue;
      const missing = nearestFirst(centre.slice, K).filter(
        (index) => !this.slices.has(time * K + index) && !underway.has(keyOf({ axis: 0, time, index })),
      );
      if (missing.length) return { time, indices: missing.slice(0, most) };
    }
    return null;
  }

  ask(axis, time, indices, urgent) {
    const id = `${this.prefix}${this.count++}`;
    this.requests.set(id, { keys: indices.map((index) => keyOf({ axis, time, index })), urgent, since: Date.now() });
    this.send({ kind: "want", id, axis, time, indices });
  }

  /** Take a message of the kernel; those that another page asked for are welcome too. */
  receive(content, buffers) {
    this.requests.delete(content.id);
    if (content.kind === "planes") this.add(unpack(buffers[0], this.scene.dtype));
    if (content.kind === "error") this.say(`The kernel could not send this slice: ${content.message}`);
    this.pump();
  }

  /** Ask again for what never came; called now and then. */
  check() {
    let lost = false;
    for (const [id, request] of this.requests) {
      if (Date.now() - request.since < PATIENCE_MS) continue;
      this.requests.delete(id);
      lost = true;
    }
    if (!lost) return;
    this.say("Waiting for the kernel: it is busy or has stopped. Slices that are not here yet come when it answers.");
    this.pump();
  }

  say(note) {
    this.note = note;
    this.changed();
  }

  changed() {
    this.listeners.forEach((listener) => listener());
  }
}

export function nearestFirst(centre, length) {
  const all = Array.from({ length }, (_, n) => n);
  return all.sort((a, b) => Math.abs(a - centre) - Math.abs(b - centre) || b - a);
}

function keyOf({ axis, time, index }) {
  return `${axis}:${time}:${index}`;
}

function size(plane) {
  return plane.image.byteLength + plane.masks.reduce((sum, mask) => sum + (mask?.byteLength ?? 0), 0);
}
