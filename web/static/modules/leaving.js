/** Signing out: what was under way meets a session that is over, and that is no news. */

let leaving = false;

/** Whether this page is being left. */
export function isLeaving() {
  return leaving;
}

addEventListener("pagehide", () => { leaving = true; });
document.addEventListener("submit", (event) => {
  if (event.target instanceof HTMLFormElement && event.target.getAttribute("action") === "/sign-out") leaving = true;
});
