/** What `/requests` keeps in its URL: the filters, and the request that is opened. What makes no sense is left out. */
import * as v from 'valibot'
import { ENDINGS } from '@/lib/outcome-words'

/** A query string may have turned a name of digits into a number. */
const name = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform(String),
  v.minLength(1),
  v.maxLength(500),
)
const moment = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/),
  v.check((text) => !Number.isNaN(Date.parse(text))),
)

function maybe<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.fallback(v.optional(schema), undefined)
}

export const requestsSearch = v.object({
  provider: maybe(name),
  /** By its provider's own name for it. */
  model: maybe(name),
  /** A client key's id. */
  client: maybe(name),
  ending: maybe(v.picklist(ENDINGS)),
  status: maybe(v.picklist(['2xx', '4xx', '5xx'])),
  failure: maybe(v.pipe(v.string(), v.regex(/^[a-z_]{1,64}$/))),
  from: maybe(moment),
  to: maybe(moment),
  /** The id of the request that is opened. */
  request: maybe(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
})

type RequestsSearch = v.InferOutput<typeof requestsSearch>
export type RequestFilters = Omit<RequestsSearch, 'request'>
/** A choice is a step that "back" undoes; what is still being typed is none. */
export type ChangeFilters = (changed: RequestFilters, isStep?: boolean) => void
