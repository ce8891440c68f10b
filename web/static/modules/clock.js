/** Times that tick: ages, countdowns, the clock on the wall; all by the service's clock, not this machine's. */

const wall = document.getElementById("wall-clock");
const told = wall?.dataset.now ?? document.body.dataset.now;
const ahead = told ? Date.parse(told) - Date.now() : 0;
const hours = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const late = document.documentElement.lang === "es" ? "tarde" : "late";
const days = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", day: "numeric", month: "short" });

/** @returns {number} milliseconds since 1970, as the service counts them */
export const now = () => Date.now() + ahead;

/** @param {number | Date} moment */
export const clockTime = (moment) => hours.format(moment);

/** @param {number} ms */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @param {Element} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Bring every time on the page up to date. @param {ParentNode} root */
export function tick(root = document) {
  const at = now();
  if (wall) write(wall, clockTime(at));
  for (const each of root.querySelectorAll("[data-since]")) {
    const minutes = Math.max(0, Math.floor((at - Date.parse(/** @type {HTMLElement} */ (each).dataset.since ?? "")) / 60_000));
    write(each, minutes < 100 ? `${minutes} min` : minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`);
  }
  for (const each of root.querySelectorAll("[data-clock-since]")) {
    write(each, countdown(at - Date.parse(/** @type {HTMLElement} */ (each).dataset.clockSince ?? "")));
  }
  for (const each of root.querySelectorAll("[data-until]")) {
    const left = Date.parse(/** @type {HTMLElement} */ (each).dataset.until ?? "") - at;
    write(each, left < 0 ? `${countdown(-left)} ${late}` : countdown(left));
    each.classList.toggle("late", left < 0);
  }
  for (const each of root.querySelectorAll("time[data-clock]:not([data-shown])")) {
    const moment = Date.parse(/** @type {HTMLTimeElement} */ (each).dateTime);
    const elsewhen = each.hasAttribute("data-day") && new Date(moment).toDateString() !== new Date(at).toDateString();
    write(each, elsewhen ? `${days.format(moment)} ${clockTime(moment)}` : clockTime(moment));
    each.setAttribute("data-shown", "");
  }
}

setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", () => tick());
tick();
