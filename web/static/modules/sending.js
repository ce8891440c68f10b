/** Sends what waits on this phone, one after another, each until it is stored; every try of a report carries its key. */

import { sentenceOf } from "./said.js";
import * as waiting from "./waiting.js";

const SOON_MS = 4000;
const LATEST_MS = 60_000;
/** A session that ended, a limit, a moment's trouble: the report is as good as before. */
const NOT_NOW = new Set([401, 403, 408, 425, 429]);

/**
 * @typedef {{
 *   stored: (answer: {id: string, receipt: string}, key: string) => void,
 *   refused: (number: number, report: any, reason: string) => void,
 *   waits: (count: number, why: "later" | "signed out" | null) => void,
 * }} Told
 */

/** @param {Told} told */
export function sender(told) {
  let failures = 0;
  let timer = 0;
  /** Refused for good and shown to the person, who mends it. @type {Set<number>} */
  const refused = new Set();

  /** @returns {Promise<void>} */
  const send = () => navigator.locks.request("tandem-sending", async () => {
    clearTimeout(timer);
    if (!waiting.canOpen()) await waiting.prepare();
    /** @type {"later" | "signed out" | null} */
    let why = null;
    let afterMs = 0;
    for (const { number, report } of await waiting.every()) {
      if (refused.has(number)) continue;
      try {
        const answer = await fetch("/api/sightings", {
          method: "POST",
          headers: { "Content-Type": "application/json", "Idempotency-Key": report.key },
          body: JSON.stringify(report.body),
        });
        const text = await answer.text();
        if (answer.status === 201) {
          const stored = JSON.parse(text);
          await waiting.remove(number);
          failures = 0;
          told.stored(stored, report.key);
        } else if (answer.status === 401 || answer.status === 403) {
          why = "signed out";
          break;
        } else if (NOT_NOW.has(answer.status) || answer.status >= 500) {
          afterMs = 1000 * Number(answer.headers.get("Retry-After") ?? 0);
          why = "later";
          break;
        } else {
          refused.add(number);
          told.refused(number, report, sentenceOf(answer, text));
        }
      } catch {
        why = "later";
        break;
      }
    }
    const left = await waiting.count();
    if (!why && left > refused.size) why = waiting.canOpen() ? null : "later";
    told.waits(left - refused.size, why);
    if (why === "later") timer = window.setTimeout(send, Math.max(afterMs, Math.min(LATEST_MS, SOON_MS * 2 ** failures++)));
  });
  addEventListener("online", () => { failures = 0; send(); });
  return send;
}
