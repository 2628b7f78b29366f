/** The page's state, all of which is in its URL. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { ModelFilters, ModelsSearch } from './search'

const route = getRouteApi('/models')

export function useModelsUrl() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/models' })
  const { find, provider, can, context, price } = search
  const key = JSON.stringify({ find, provider, can, context, price })
  // The same object for the same filters: the query hangs on it.
  const filters = useMemo(() => JSON.parse(key) as ModelFilters, [key])
  /** Narrows, which "back" undoes, or types or sorts, which it does not. */
  const change = useCallback(
    (changed: Partial<ModelsSearch>) => {
      const isStep = Object.keys(changed).some((key) => key !== 'find' && key !== 'sort')
      void navigate({ search: (known) => ({ ...known, ...changed }), replace: !isStep, resetScroll: false })
    },
    [navigate],
  )
  /** Opens or closes something: "back" undoes it. */
  const go = useCallback(
    (changed: Partial<ModelsSearch>) =>
      void navigate({ search: (known) => ({ ...known, ...changed }), resetScroll: false }),
    [navigate],
  )
  return { search, filters, change, go }
}
