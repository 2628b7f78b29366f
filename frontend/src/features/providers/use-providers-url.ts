/** The page's state, all of which is in its URL. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { ProvidersSearch } from './search'

const route = getRouteApi('/providers')

export function useProvidersUrl() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/providers' })
  /** A state that is chosen is a step that "back" undoes; typing, sorting and the drawer's tabs are none. */
  const narrow = useCallback(
    (changed: ProvidersSearch) =>
      void navigate({
        search: (known) => ({ ...known, ...changed }),
        replace: !('state' in changed),
        resetScroll: false,
      }),
    [navigate],
  )
  const open = useCallback(
    (provider: string | undefined) =>
      void navigate({ search: (known) => ({ ...known, provider, view: undefined }), resetScroll: false }),
    [navigate],
  )
  return { search, narrow, open }
}
