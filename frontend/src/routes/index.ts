/** Every page, in the order of the navigation: its URL, its search parameters, its title, and the chunk that has it. */
import {
  IconChartBar,
  IconLayoutDashboard,
  IconListDetails,
  IconMessageChatbot,
  IconServer2,
  IconSettings,
  IconStack2,
} from '@tabler/icons-react'
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { dashboardSearch } from '@/features/dashboard/search'
import { modelsSearch } from '@/features/models/search'
import { playgroundSearch } from '@/features/playground/search'
import { providersSearch } from '@/features/providers/search'
import { requestsSearch } from '@/features/requests/search'
import { settingsSearch } from '@/features/settings/search'
import { statisticsSearch } from '@/features/statistics/search'

export type PageIcon = ComponentType<{ size?: number; stroke?: number; 'aria-hidden'?: boolean }>

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** The document's title, before " · AI Engine", and the page's name in the navigation. */
    title?: string
    icon?: PageIcon
    /** Pressed after `g`: "g s" opens Settings. */
    shortcut?: string
  }
}

/** `app/router.tsx` gives it the shell. */
export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()()
const getParentRoute = () => rootRoute

const pages = [
  createRoute({
    getParentRoute,
    path: '/',
    validateSearch: dashboardSearch,
    staticData: { title: 'Dashboard', icon: IconLayoutDashboard, shortcut: 'd' },
    component: lazyRouteComponent(() => import('@/features/dashboard/dashboard-page'), 'DashboardPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/providers',
    validateSearch: providersSearch,
    staticData: { title: 'Providers', icon: IconServer2, shortcut: 'p' },
    component: lazyRouteComponent(() => import('@/features/providers/providers-page'), 'ProvidersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/models',
    validateSearch: modelsSearch,
    staticData: { title: 'Models', icon: IconStack2, shortcut: 'm' },
    component: lazyRouteComponent(() => import('@/features/models/models-page'), 'ModelsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/statistics',
    validateSearch: statisticsSearch,
    staticData: { title: 'Statistics', icon: IconChartBar, shortcut: 't' },
    component: lazyRouteComponent(() => import('@/features/statistics/statistics-page'), 'StatisticsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/requests',
    validateSearch: requestsSearch,
    staticData: { title: 'Requests', icon: IconListDetails, shortcut: 'r' },
    component: lazyRouteComponent(() => import('@/features/requests/requests-page'), 'RequestsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/playground',
    validateSearch: playgroundSearch,
    staticData: { title: 'Playground', icon: IconMessageChatbot, shortcut: 'c' },
    component: lazyRouteComponent(() => import('@/features/playground/playground-page'), 'PlaygroundPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    validateSearch: settingsSearch,
    staticData: { title: 'Settings', icon: IconSettings, shortcut: 's' },
    component: lazyRouteComponent(() => import('@/features/settings/settings-page'), 'SettingsPage'),
  }),
] as const

export const routeTree = rootRoute.addChildren(pages)

export const navigation = pages.flatMap(({ options }) => {
  const { title, icon, shortcut } = options.staticData ?? {}
  return 'path' in options && title && icon && shortcut ? [{ to: options.path, title, icon, shortcut }] : []
})
