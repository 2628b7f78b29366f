/** What the search parameters of several pages have in common. What makes no sense in a URL is left out, never an error. */
import * as v from 'valibot'

/** Absent, or as the schema wants it. */
export function maybe<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.fallback(v.optional(schema), undefined)
}

/** A name of anything. The router has turned digits into a number and `true` into a boolean: they are names all the same. */
export const nameParam = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform(String),
  v.minLength(1),
  v.maxLength(500),
)

/** A moment with its zone, as ISO-8601. */
export const momentParam = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/),
  v.check((text) => !Number.isNaN(Date.parse(text))),
)

/** The column that a table is sorted by; with a `-` before it, the largest first. */
export const sortParam = v.pipe(v.string(), v.regex(/^-?[a-z][a-z0-9_]{0,40}$/))

interface Sort {
  column: string
  isDescending: boolean
}

export function sortOf(text: string | undefined): Sort | null {
  return text === undefined ? null : { column: text.replace(/^-/, ''), isDescending: text.startsWith('-') }
}

export function sortText(sort: Sort | null): string | undefined {
  return sort === null ? undefined : `${sort.isDescending ? '-' : ''}${sort.column}`
}
