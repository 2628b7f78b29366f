/** The page's state, all of which is in its URL. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { ChangeFilters, RequestFilters } from './search'

const route = getRouteApi('/requests')

export function useRequestsUrl() {
  const { request: opened, ...found } = route.useSearch()
  const navigate = useNavigate({ from: '/requests' })
  const key = JSON.stringify(found)
  // The same object for the same filters: queries and what has arrived hang on it.
  const filters = useMemo(() => JSON.parse(key) as RequestFilters, [key])
  const setFilters: ChangeFilters = useCallback(
    (changed, isStep = true) =>
      void navigate({ search: (known) => ({ ...known, ...changed }), replace: !isStep, resetScroll: false }),
    [navigate],
  )
  const open = useCallback(
    (request: string | undefined) => void navigate({ search: (known) => ({ ...known, request }), resetScroll: false }),
    [navigate],
  )
  return { filters, opened, setFilters, open }
}
