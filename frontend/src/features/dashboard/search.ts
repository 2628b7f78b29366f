/** What `/` keeps in its URL: the time span shown. */
import * as v from 'valibot'
import { maybe } from '@/lib/search-params'

export const dashboardSearch = v.object({ span: maybe(v.picklist(['hour', 'day'])) })
