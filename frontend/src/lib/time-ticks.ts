/** Which moments are labelled below a time axis: round ones of the viewer's clock, as many as there is room for. */

export interface TimeTick {
  index: number
  /** Label it with its day: the ticks are days apart, the buckets are not. */
  isDay: boolean
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 3, 7, 14, 28].map((days) => days * DAY_MS),
]

/**
 * `times` are the beginnings of buckets, ISO-8601, ascending and equidistant; `room` is how many labels of a day (`true`) or of a
 * bucket (`false`) fit. Buckets of a day begin at midnight UTC.
 */
export function timeTicks(times: string[], room: (isDay: boolean) => number): TimeTick[] {
  const moments = times.map((time) => Date.parse(time))
  const [first, second] = moments
  if (first === undefined) return []
  if (second === undefined) return [{ index: 0, isDay: false }]
  const bucketMs = second - first
  for (const stepMs of STEPS_MS) {
    const isDay = stepMs >= DAY_MS && bucketMs < DAY_MS
    const indexes = moments.flatMap((moment, index) => (begins(moment, stepMs, bucketMs) ? [index] : []))
    if (indexes.length > 0 && indexes.length <= Math.max(1, room(isDay)))
      return indexes.map((index) => ({ index, isDay }))
  }
  return [{ index: 0, isDay: false }]
}

/** Whether it is the first bucket of its step: in a zone half an hour off, no bucket begins at the full hour. */
function begins(moment: number, stepMs: number, bucketMs: number): boolean {
  const clock = bucketMs >= DAY_MS ? moment : moment - new Date(moment).getTimezoneOffset() * MINUTE_MS
  return Math.floor(clock / stepMs) !== Math.floor((clock - bucketMs) / stepMs)
}
