/** `/`: the dashboard. */
import { IconLayoutDashboard } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { dashboardSearch } from '@/features/dashboard/search'
import { rootRoute } from './root'

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: dashboardSearch,
  staticData: { title: 'Dashboard', navigation: { icon: IconLayoutDashboard, shortcut: 'd' } },
  component: lazyRouteComponent(() => import('@/features/dashboard/dashboard-page'), 'DashboardPage'),
})
