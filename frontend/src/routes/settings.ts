/** `/settings`: the configuration in use, and its reload. */
import { IconSettings } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from './root'

export const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  staticData: { title: 'Settings', navigation: { icon: IconSettings, shortcut: 's' } },
  component: lazyRouteComponent(() => import('@/features/settings/settings-page'), 'SettingsPage'),
})
