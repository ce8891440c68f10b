/**
 * Reports that were refused for good come back into the form one after another, with the reason, to be mended.
 *
 * The form belongs to whoever is telling something: a refused report waits until it is empty.
 *
 * @typedef {{number: number, body: any, reason: string}} Refused
 */

/**
 * @param {HTMLFormElement} form
 * @param {(refused: Refused) => void} show Puts a report and its reason before the person.
 */
export function mender(form, show) {
  /** @type {Refused[]} */
  const back = [];
  /** The one that stands in the form. @type {Refused | null} */
  let current = null;

  const said = () => JSON.stringify([...new FormData(form)]);
  const empty = said();

  function offer() {
    const next = back[0];
    if (current || !next || said() !== empty) return;
    current = next;
    fill(form, next.body);
    show(next);
  }

  return {
    offer,
    /** Take one back, and tell whether it stands in the form now. @param {Refused} refused */
    refused(refused) {
      back.push(refused);
      offer();
      return current === refused;
    },
    /** The report that the form mends, null for a new one; from now on the form is free. */
    taken() {
      const mended = current;
      if (mended) back.shift();
      current = null;
      return mended;
    },
  };
}

/** @param {HTMLFormElement} form @param {any} body */
function fill(form, body) {
  const { kind, activity, size, unit, basis, note } = body;
  const vehicle = Object.entries(body.vehicles?.[0] ?? {}).map(([part, value]) => [`vehicle_${part}`, value]);
  for (const [name, value] of Object.entries({ kind, activity, size, unit, basis, note, ...Object.fromEntries(vehicle) })) {
    const field = form.elements.namedItem(name);
    if (field && "value" in field && value !== undefined) field.value = String(value);
  }
}
