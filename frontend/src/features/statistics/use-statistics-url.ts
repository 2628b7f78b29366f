/** The page's state, all of which is in its URL. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { Asked, StatisticsSearch } from './search'

const route = getRouteApi('/statistics')

export function useStatisticsUrl() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/statistics' })
  const { providers, models, keys, ...rest } = search
  const key = JSON.stringify(rest)
  // The same object for the same question.
  const asked = useMemo(() => JSON.parse(key) as Asked, [key])
  /** Every narrowing is a step that "back" undoes, sorting is none. */
  const change = useCallback(
    (changed: Partial<StatisticsSearch>, isStep = true) =>
      void navigate({ search: (known) => ({ ...known, ...changed }), replace: !isStep, resetScroll: false }),
    [navigate],
  )
  return { asked, sorts: { providers, models, keys }, change }
}
