/** What `/models` keeps in its URL: view, filters, sort, the model whose details are open, and the name that is explained. */
import * as v from 'valibot'
import { maybe, nameParam, sortParam } from '@/lib/search-params'

const CAPABILITIES = ['tools', 'images', 'json_schema', 'reasoning'] as const

const amount = v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000))

export const modelsSearch = v.object({
  /** Rows are routes, by provider, instead of models. */
  view: maybe(v.picklist(['provider'])),
  /** Part of the name. */
  find: maybe(v.pipe(nameParam, v.maxLength(200))),
  provider: maybe(nameParam),
  can: maybe(v.pipe(v.array(v.picklist(CAPABILITIES)), v.maxLength(CAPABILITIES.length))),
  /** The least context in tokens. */
  context: maybe(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000_000))),
  /** The highest price of a million input tokens in dollars. */
  price: maybe(amount),
  sort: maybe(sortParam),
  /** The model whose details are open. */
  model: maybe(nameParam),
  /** The name whose routing is explained. */
  explain: maybe(nameParam),
})

export type ModelsSearch = v.InferOutput<typeof modelsSearch>
export type ModelFilters = Pick<ModelsSearch, keyof typeof noFilters>

export const noFilters = { find: undefined, provider: undefined, can: undefined, context: undefined, price: undefined }

export function filtersOf({ find, provider, can, context, price }: ModelsSearch): ModelFilters {
  return { find, provider, can, context, price }
}
