/** `/statistics`: a range of time in figures, charts and comparisons. */
import { IconChartBar } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { statisticsSearch } from '@/features/statistics/search'
import { rootRoute } from './root'

export const statisticsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/statistics',
  validateSearch: statisticsSearch,
  staticData: { title: 'Statistics', navigation: { icon: IconChartBar, shortcut: 't' } },
  component: lazyRouteComponent(() => import('@/features/statistics/statistics-page'), 'StatisticsPage'),
})
