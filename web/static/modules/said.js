/** One sentence at the foot of the page: what went wrong, or what was done; it leaves by itself. */

let timer = 0;

/** @param {string} sentence */
export function say(sentence) {
  const place = document.getElementById("said");
  if (!place) return;
  place.textContent = sentence;
  clearTimeout(timer);
  timer = window.setTimeout(() => { place.textContent = ""; }, 7000);
}

/**
 * The sentence of an answer that is an RFC 9457 problem, or a plain one of ours.
 * @param {Response | {status: number}} response @param {string} body
 */
export function sentenceOf(response, body) {
  try {
    return JSON.parse(body).title || "This could not be done.";
  } catch {
    return response.status === 429 ? "That was a lot at once; please wait a moment." : "This could not be done.";
  }
}
