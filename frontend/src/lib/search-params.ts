/** Schemas of search parameters that several pages share. An invalid value in a URL is dropped, never an error. */
import * as v from 'valibot'

/** Optional; an invalid value counts as absent. */
export function maybe<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.fallback(v.optional(schema), undefined)
}

/** A name. The router parses digits as a number and `true` as a boolean: they are names, too. */
export const nameParam = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform(String),
  v.minLength(1),
  v.maxLength(500),
)

/** A moment in ISO-8601 with its zone. */
export const momentParam = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/),
  v.check((text) => !Number.isNaN(Date.parse(text))),
)

/** The column that a table is sorted by; `-` for descending. */
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
