/** Moments as `<input type="datetime-local">` writes them: in the viewer's zone, without naming it. */

/** Empty for none. */
export function toLocalInput(moment: string | undefined): string {
  if (moment === undefined) return ''
  const at = new Date(moment)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** The moment in UTC; `undefined` for an empty or half-written one. */
export function fromLocalInput(text: string): string | undefined {
  const at = new Date(text)
  return text === '' || Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}
