/** What `/` keeps in its URL: how far back it looks. */
import * as v from 'valibot'

export const dashboardSearch = v.object({
  /** The last hour, or 24 of them. */
  span: v.fallback(v.optional(v.picklist(['hour', 'day'])), undefined),
})
