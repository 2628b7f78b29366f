/** What `/requests` keeps in its URL: the filters, and the request whose details are open. */
import * as v from 'valibot'
import { ENDINGS } from '@/lib/outcome-words'
import { maybe, momentParam, nameParam } from '@/lib/search-params'

export const requestsSearch = v.object({
  provider: maybe(nameParam),
  /** The provider's name for it. */
  model: maybe(nameParam),
  /** A client key's id. */
  client: maybe(nameParam),
  ending: maybe(v.picklist(ENDINGS)),
  status: maybe(v.picklist(['2xx', '4xx', '5xx'])),
  failure: maybe(v.pipe(v.string(), v.regex(/^[a-z_]{1,64}$/))),
  from: maybe(momentParam),
  to: maybe(momentParam),
  /** The id of the request whose details are open. */
  request: maybe(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
})

export type RequestFilters = Omit<v.InferOutput<typeof requestsSearch>, 'request'>

export const noFilters: RequestFilters = {
  provider: undefined,
  model: undefined,
  client: undefined,
  ending: undefined,
  status: undefined,
  failure: undefined,
  from: undefined,
  to: undefined,
}
