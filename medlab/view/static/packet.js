// Slices as they arrive: see packet.py for the layout.

export const ARRAYS = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array };

/** Planes of a packet: [{axis, time, index, image, masks: [Uint8Array or null for an empty one]}]. */
export function unpack(block, dtype) {
  const bytes = block instanceof ArrayBuffer
    ? new Uint8Array(block)
    : new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const data = bytes.subarray(4 + length);
  return header.map((piece) => {
    const [at, size] = piece.image;
    const image = new ARRAYS[dtype](data.slice(at, at + size).buffer);
    return { ...piece, image, masks: piece.masks.map((m) => decodeMask(data, m)) };
  });
}

export function decodeMask(data, [at, size, coding]) {
  if (size === 0) return null;
  const block = data.slice(at, at + size);
  if (coding === "raw") return block;
  const runs = new Uint32Array(block.buffer);
  const codes = new Uint8Array(runs.reduce((sum, run) => sum + (run >>> 8), 0));
  let position = 0;
  for (const run of runs) {
    const end = position + (run >>> 8);
    if (run & 255) codes.fill(run & 255, position, end);
    position = end;
  }
  return codes;
}

/** A plane of codes as runs, or as it is where that is shorter: {bytes, coding}, as packet.py codes them. */
export function encodeMask(codes) {
  const runs = [];
  for (let from = 0, to = 0; from < codes.length; from = to) {
    while (to < codes.length && codes[to] === codes[from] && to - from < 0xffffff) to++;
    runs.push((((to - from) << 8) | codes[from]) >>> 0);
    if (4 * runs.length >= codes.length) return { bytes: codes.slice(), coding: "raw" };
  }
  return { bytes: new Uint8Array(Uint32Array.from(runs).buffer), coding: "rle" };
}

/** The values of a page's slice from what is stored of it. */
export async function restored(image, scene) {
  const channels = scene.colour ? 3 : 1;
  if (scene.coding === "jpeg") return fromJpeg(image, channels);
  return scene.coding === "predicted" ? unpredicted(image, scene.grid[3] * channels, channels) : image;
}

/** Undo the prediction of reduce.py: each byte is stored less the mean of its left and upper neighbours. */
function unpredicted(bytes, row, step) {
  for (let n = 0; n < bytes.length; n++) {
    const left = n % row >= step;
    const up = n >= row;
    if (left && up) bytes[n] += (bytes[n - step] + bytes[n - row]) >> 1;
    else if (left) bytes[n] += bytes[n - step];
    else if (up) bytes[n] += bytes[n - row];
  }
  return bytes;
}

let scratch = null;

async function fromJpeg(bytes, channels) {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  scratch ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  Object.assign(scratch.canvas, { width, height });
  scratch.drawImage(bitmap, 0, 0);
  const rgba = scratch.getImageData(0, 0, width, height).data;
  const values = new Uint8Array((rgba.length / 4) * channels);
  for (let n = 0, at = 0; n < rgba.length; n += 4) for (let c = 0; c < channels; c++) values[at++] = rgba[n + c];
  return values;
}

/** Bytes of base64 text that holds a zlib stream. */
export async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
