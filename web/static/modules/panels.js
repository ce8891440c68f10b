/** htmx for the panels, and what every panel needs: errors as a sentence, times that tick. */

import "../vendor/htmx.esm.min.js";
import { say, sentenceOf } from "./said.js";
import { isLeaving } from "./leaving.js";
import "./clock.js";

document.addEventListener("htmx:before:request", (event) => {
  if (isLeaving()) event.preventDefault();
});

document.addEventListener("htmx:response:error", (event) => {
  if (isLeaving()) return;
  const { ctx } = /** @type {CustomEvent} */ (event).detail;
  if (ctx.response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  say(sentenceOf(ctx.response, ctx.text));
});

document.addEventListener("htmx:error", (event) => {
  if (isLeaving()) return;
  // An abandoned request, such as a refresh overtaken by a newer one, is no news.
  if (!String(/** @type {CustomEvent} */ (event).detail.error).includes("Abort")) say("No connection. Nothing was sent.");
});

// Whoever sent people looks at how the asking goes next: the proposals go, and the card begins at its top.
document.addEventListener("htmx:after:swap", (event) => {
  const source = /** @type {CustomEvent} */ (event).detail?.ctx?.sourceElement;
  if (!(source instanceof Element) || !source.matches("#pairs form")) return;
  document.getElementById("pairs")?.replaceChildren();
  document.getElementById("incident")?.scrollTo({ top: 0 });
});
