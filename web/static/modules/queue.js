/** The queue beside the map: arrow keys and clicks choose an incident; its panel opens. */

import htmx from "../vendor/htmx.esm.min.js";

/** @returns {HTMLElement[]} */
const rows = () => [...document.querySelectorAll("[data-queue] [data-incident]")].filter((each) => each instanceof HTMLElement);

let chosen = "";

/** @param {(id: string) => void} onChoose */
export function queue(onChoose) {
  const panel = /** @type {HTMLElement} */ (document.getElementById("incident"));

  const mark = () => {
    const all = rows();
    for (const row of all) row.setAttribute("aria-selected", String(row.dataset.incident === chosen));
    const stop = all.find((row) => row.dataset.incident === chosen) ?? all[0];
    for (const row of all) row.tabIndex = row === stop ? 0 : -1;
  };

  /** @param {string} id */
  const open = (id) => {
    chosen = id;
    panel.hidden = false;
    htmx.ajax("GET", `/panels/incidents/${encodeURIComponent(id)}`, { target: panel, swap: "innerHTML" });
    mark();
    onChoose(id);
  };

  const close = () => {
    const row = rows().find((each) => each.dataset.incident === chosen);
    chosen = "";
    panel.hidden = true;
    panel.replaceChildren();
    mark();
    onChoose("");
    row?.focus();
  };

  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target : null;
    const row = /** @type {HTMLElement | null} */ (at?.closest("[data-queue] [data-incident]") ?? null);
    const link = /** @type {HTMLElement | null} */ (at?.closest("[data-open-incident]") ?? null);
    if (row?.dataset.incident) open(row.dataset.incident);
    else if (link?.dataset.openIncident) open(link.dataset.openIncident);
    else if (at?.closest("[data-close-incident]")) close();
  });

  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof HTMLElement ? event.target : null;
    if (event.key === "Escape" && chosen) return close();
    const all = rows();
    const here = all.findIndex((row) => row === at);
    if (here < 0) return;
    if (event.key === "Enter" || event.key === " ") open(all[here].dataset.incident ?? "");
    else if (event.key === "ArrowDown") all[Math.min(all.length - 1, here + 1)].focus();
    else if (event.key === "ArrowUp") all[Math.max(0, here - 1)].focus();
    else if (event.key === "Home") all[0].focus();
    else if (event.key === "End") all[all.length - 1].focus();
    else return;
    event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", mark);
  return { open, close, chosen: () => chosen };
}
