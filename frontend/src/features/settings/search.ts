/** What `/settings` keeps in its URL: which variables are listed. */
import * as v from 'valibot'
import { maybe } from '@/lib/search-params'

export const settingsSearch = v.object({
  /** Part of the name or description. */
  find: maybe(v.string()),
  /** Only those that are set. */
  show: maybe(v.picklist(['set'])),
})
