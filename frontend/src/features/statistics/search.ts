/** What `/statistics` keeps in its URL: the range, how finely it is cut, the filters, and how the tables are sorted. */
import * as v from 'valibot'
import { maybe, momentParam, nameParam, sortParam } from '@/lib/search-params'

export const statisticsSearch = v.object({
  /** Back from now; without it, and without `from`, 24 hours. */
  range: maybe(v.picklist(['1h', '24h', '7d', '30d'])),
  from: maybe(momentParam),
  to: maybe(momentParam),
  bucket: maybe(v.picklist(['minute', 'hour', 'day'])),
  provider: maybe(nameParam),
  /** By its provider's own name. */
  model: maybe(nameParam),
  /** A client key's id. */
  client: maybe(nameParam),
  providers: maybe(sortParam),
  models: maybe(sortParam),
  keys: maybe(sortParam),
})

export type StatisticsSearch = v.InferOutput<typeof statisticsSearch>
/** What the figures depend on. */
export type Asked = Omit<StatisticsSearch, 'providers' | 'models' | 'keys'>

export const noFilters = { provider: undefined, model: undefined, client: undefined }
