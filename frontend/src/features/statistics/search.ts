/** What `/statistics` keeps in its URL: the range, the bucket size, the filters, and the sort of the tables. */
import * as v from 'valibot'
import { maybe, momentParam, nameParam, sortParam } from '@/lib/search-params'

export const statisticsSearch = v.object({
  /** Until now; 24 hours without it and `from`. */
  range: maybe(v.picklist(['1h', '24h', '7d', '30d'])),
  from: maybe(momentParam),
  to: maybe(momentParam),
  bucket: maybe(v.picklist(['minute', 'hour', 'day'])),
  provider: maybe(nameParam),
  /** The provider's name for it. */
  model: maybe(nameParam),
  /** A client key's id. */
  client: maybe(nameParam),
  providers: maybe(sortParam),
  models: maybe(sortParam),
  keys: maybe(sortParam),
})

export type StatisticsSearch = v.InferOutput<typeof statisticsSearch>
export type StatisticsFilters = Omit<StatisticsSearch, 'providers' | 'models' | 'keys'>

export const noFilters = { provider: undefined, model: undefined, client: undefined }
