/** `/models`: the catalogue, one model opened beside it, and autodecide explained. */
import { IconStack2 } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { modelsSearch } from '@/features/models/search'
import { rootRoute } from './root'

export const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models',
  validateSearch: modelsSearch,
  staticData: { title: 'Models', navigation: { icon: IconStack2, shortcut: 'm' } },
  component: lazyRouteComponent(() => import('@/features/models/models-page'), 'ModelsPage'),
})
