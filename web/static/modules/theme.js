/** Light or dark: what the system prefers, until somebody presses the switch; kept for this browser tab's session only. */

const dark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} */
export function theme() {
  const chosen = sessionStorage.getItem("theme");
  return chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
}

function show() {
  document.documentElement.dataset.theme = theme();
  document.dispatchEvent(new CustomEvent("tandem:theme", { detail: theme() }));
}

dark.addEventListener("change", show);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-theme-switch]")) {
    sessionStorage.setItem("theme", theme() === "dark" ? "light" : "dark");
    show();
  }
});
show();
