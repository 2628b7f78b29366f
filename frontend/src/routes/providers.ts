/** `/providers`: every provider, and one opened beside them. */
import { IconServer2 } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { providersSearch } from '@/features/providers/search'
import { rootRoute } from './root'

export const providersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/providers',
  validateSearch: providersSearch,
  staticData: { title: 'Providers', navigation: { icon: IconServer2, shortcut: 'p' } },
  component: lazyRouteComponent(() => import('@/features/providers/providers-page'), 'ProvidersPage'),
})
