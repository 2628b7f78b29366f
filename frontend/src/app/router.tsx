/** URLs to pages. */
import type { QueryClient } from '@tanstack/react-query'
import { createRouter, type RouterHistory } from '@tanstack/react-router'
import { rootRoute, routeTree } from '@/routes'
import { SessionGate } from './session-gate'
import { PageCrashed, PageNotFound } from './shell/error-pages'

rootRoute.update({ component: SessionGate, notFoundComponent: PageNotFound })

export function createAppRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context: { queryClient },
    ...(history && { history }),
    defaultPreload: 'intent',
    // Queries decide what is fresh.
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: PageCrashed,
    defaultNotFoundComponent: PageNotFound,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
