/** Moments as `<input type="datetime-local">` writes them: in the viewer's zone, without naming it. */

/** Empty for `undefined`. */
export function toLocalInput(moment: string | undefined): string {
  if (moment === undefined) return ''
  const at = new Date(moment)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

// `new Date` accepts incomplete input: V8 reads `2026-` as the beginning of that year.
const WHOLE = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/

/** The moment in UTC; `undefined` for an empty or incomplete one. */
export function fromLocalInput(text: string): string | undefined {
  const at = new Date(text)
  return !WHOLE.test(text) || Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}
