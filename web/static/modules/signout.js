/** Signing out empties this phone: what still waits to be sent is sent first, or given up knowingly. */

const form = document.querySelector('form[action="/sign-out"]');
let sure = false;
form?.addEventListener("submit", async (event) => {
  if (sure || !(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  const { count } = await import("./waiting.js");
  if (await count()) {
    const { sender } = await import("./sending.js");
    await sender({ stored() {}, refused() {}, waits() {} })();
  }
  const left = await count();
  if (left && !confirm((form.dataset.waiting ?? "").replace("{count}", String(left)))) return;
  sure = true;
  // Also without the service's word, nothing stays: a sign-out without a signal empties the phone as well.
  await new Promise((resolve) => {
    const request = indexedDB.deleteDatabase("tandem-waiting");
    request.onsuccess = request.onerror = request.onblocked = resolve;
  });
  form.requestSubmit();
});
