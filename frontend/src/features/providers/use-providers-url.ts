/** The page's state, all of which is in its URL. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { ProvidersSearch } from './search'

const route = getRouteApi('/providers')

export function useProvidersUrl() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/providers' })
  const narrow = useCallback(
    (changed: ProvidersSearch) =>
      void navigate({ search: (known) => ({ ...known, ...changed }), replace: true, resetScroll: false }),
    [navigate],
  )
  const open = useCallback(
    (provider: string | undefined) =>
      void navigate({ search: (known) => ({ ...known, provider, view: undefined }), resetScroll: false }),
    [navigate],
  )
  return { search, narrow, open }
}
