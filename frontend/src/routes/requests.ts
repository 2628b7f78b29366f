/** `/requests`: the ledger, and one request opened beside it. */
import { IconListDetails } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { requestsSearch } from '@/features/requests/search'
import { rootRoute } from './root'

export const requestsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/requests',
  validateSearch: requestsSearch,
  staticData: { title: 'Requests', navigation: { icon: IconListDetails, shortcut: 'r' } },
  component: lazyRouteComponent(() => import('@/features/requests/requests-page'), 'RequestsPage'),
})
