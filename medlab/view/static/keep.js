// Drawings that no file holds yet, kept in the browser in case the kernel goes away.

const DATABASE = "medlab-drawings";
const TABLE = "slices";
const FACTS = -1;

const finished = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

/** Kept under the image's fingerprint and the session, the Python object that the drawing was made with. */
export class Keeper {
  constructor(fingerprint, session) {
    Object.assign(this, { fingerprint, session });
    this.opened = this.open();
  }

  /** The database, or null in a browser or frame that keeps nothing. */
  async open() {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
      return await finished(request);
    } catch {
      return null;
    }
  }

  async table(mode) {
    return (await this.opened)?.transaction(TABLE, mode).objectStore(TABLE) ?? null;
  }

  /** Keep slices, [[index, {coding, bytes}], …], and facts about the whole drawing. */
  async put(slices, facts) {
    const table = await this.table("readwrite");
    for (const [index, block] of slices) table?.put(block, [this.fingerprint, this.session, index]);
    return table ? finished(table.put({ ...facts, when: Date.now() }, [this.fingerprint, this.session, FACTS])) : null;
  }

  /** What other sessions drew on this image and did not save, the latest first: {session, when, shapes, slices}. */
  async others() {
    const table = await this.table("readonly");
    if (!table) return [];
    const range = IDBKeyRange.bound([this.fingerprint], [this.fingerprint, []]);
    const [keys, values] = await Promise.all([finished(table.getAllKeys(range)), finished(table.getAll(range))]);
    const found = new Map();
    keys.forEach(([, session, index], n) => {
      if (!found.has(session)) found.set(session, { session, slices: [], when: 0 });
      const record = found.get(session);
      if (index === FACTS) Object.assign(record, values[n]);
      else record.slices.push([index, values[n]]);
    });
    found.delete(this.session);
    const all = [...found.values()];
    await Promise.all(all.filter((record) => !record.unsaved).map((record) => this.drop(record.session)));
    return all.filter((record) => record.unsaved).sort((a, b) => b.when - a.when);
  }

  async drop(session) {
    const table = await this.table("readwrite");
    if (table) await finished(table.delete(IDBKeyRange.bound([this.fingerprint, session], [this.fingerprint, session, []])));
  }
}
