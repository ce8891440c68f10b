/**
 * Reports that wait on this phone until they are sent: any number, over a closed tab, a restart and an ended session.
 *
 * What lies on the phone is sealed to a key whose other half the service alone keeps and hands to whoever is signed in,
 * into this page's memory and no further. So a report can be put away without a signal and without a session, and
 * nobody who takes the phone can read it. Without that key, as for somebody without an account, a report waits in this
 * page alone.
 *
 * @typedef {{key: string, body: any}} Report
 * @typedef {{number: number, report: Report}} Waiting
 * @typedef {{from: Uint8Array, sealed: Uint8Array}} Sealed
 */

const NAME = "tandem-waiting";
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const STEP = 1024;
const INFO = new TextEncoder().encode("tandem waiting report");
const IV = new Uint8Array(12);

/** The half that opens, in memory alone. @type {CryptoKey | null} */
let opener = null;
/** The half that seals. @type {CryptoKey | null} */
let sealer = null;
/** What could not be sealed and waits in this page; the numbers count down from -1. @type {Map<number, Report>} */
const loose = new Map();

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @type {Promise<IDBDatabase> | null} */
let opened = null;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("reports", { autoIncrement: true });
      request.result.createObjectStore("keys");
    };
    request.onsuccess = () => {
      // Signing out deletes all of it, here and in other tabs.
      request.result.onversionchange = () => { request.result.close(); opened = null; };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** @param {"reports" | "keys"} store @param {IDBTransactionMode} mode */
const within = async (store, mode) => (await database()).transaction(store, mode, { durability: "strict" }).objectStore(store);

/** Get ready to seal and, signed in and connected, to open. */
export async function prepare() {
  try {
    const answer = await fetch("/api/me/waiting-key");
    if (answer.ok) {
      const { d, x, y } = await answer.json();
      const half = { kty: "EC", crv: "P-256", x, y };
      opener = await crypto.subtle.importKey("jwk", { ...half, d }, CURVE, false, ["deriveBits"]);
      await done((await within("keys", "readwrite")).put(half, "sealer"));
    }
  } catch {
    // No signal: the half that seals may be here from before.
  }
  try {
    const half = await done((await within("keys", "readonly")).get("sealer"));
    if (half) sealer = await crypto.subtle.importKey("jwk", half, CURVE, true, []);
  } catch {
    sealer = null;
  }
}

/** Whether what waits outlives this page. */
export const outlives = () => sealer !== null && loose.size === 0;

/** Whether what waits can be read and sent now. */
export const canOpen = () => opener !== null;

/** @param {CryptoKey} own @param {CryptoKey} other @param {Uint8Array} from */
async function shared(own, other, from) {
  const bits = await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, 256);
  const base = await crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
  // A fresh key for each report, so the nonce may stand still.
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: from, info: INFO }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** @param {CryptoKey} to @param {Report} report @returns {Promise<Sealed>} */
async function seal(to, report) {
  const fresh = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]));
  const from = new Uint8Array(await crypto.subtle.exportKey("raw", fresh.publicKey));
  const said = new TextEncoder().encode(JSON.stringify(report));
  // Spaces behind it: how long a report is tells how much somebody saw.
  const padded = new Uint8Array(Math.ceil((said.length + 1) / STEP) * STEP).fill(32);
  padded.set(said);
  const key = await shared(fresh.privateKey, to, from);
  return { from, sealed: new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: IV }, key, padded)) };
}

/** @param {CryptoKey} own @param {Sealed} kept @returns {Promise<Report>} */
async function unseal(own, kept) {
  const other = await crypto.subtle.importKey("raw", kept.from, CURVE, false, []);
  const key = await shared(own, other, kept.from);
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: IV }, key, kept.sealed)));
}

/** Put a report away; `instead` names one that it takes the place of. @param {Report} report @param {number | null} instead */
export async function keep(report, instead = null) {
  if (!(sealer && (await isStored(sealer, report)))) loose.set(Math.min(0, ...loose.keys()) - 1, report);
  if (instead !== null) await remove(instead);
}

/** Store a report sealed, and tell whether the phone took it: its disk may be full. @param {CryptoKey} to @param {Report} report */
async function isStored(to, report) {
  try {
    const kept = await seal(to, report);
    await done((await within("reports", "readwrite")).add(kept));
    return true;
  } catch {
    return false;
  }
}

/** Take a report out: it was stored, or another took its place. @param {number} number */
export async function remove(number) {
  if (!loose.delete(number)) await done((await within("reports", "readwrite")).delete(number));
}

/** How many wait. */
export async function count() {
  try {
    return loose.size + (await done((await within("reports", "readonly")).count()));
  } catch {
    return loose.size;
  }
}

/** All that wait and can be read, oldest first; what another account put away stays for that one. @returns {Promise<Waiting[]>} */
export async function every() {
  /** @type {Waiting[]} */
  const found = [...loose].map(([number, report]) => ({ number, report }));
  if (!opener) return found;
  const store = await within("reports", "readonly");
  const [numbers, kept] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  for (const [index, number] of numbers.entries()) {
    try {
      found.push({ number: Number(number), report: await unseal(opener, kept[index]) });
    } catch {
      continue;
    }
  }
  return found;
}
