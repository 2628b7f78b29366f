/** `/settings`: the configuration in use, and its reload. */
import { IconSettings } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import * as v from 'valibot'
import { rootRoute } from './root'

const search = v.object({
  /** Which variables are listed: those that have this in their name or meaning. */
  find: v.fallback(v.optional(v.string()), undefined),
  /** All of them, or only those that somebody has set. */
  show: v.fallback(v.optional(v.picklist(['set', 'all'])), undefined),
})

export const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  validateSearch: search,
  staticData: { title: 'Settings', navigation: { icon: IconSettings, shortcut: 's' } },
  component: lazyRouteComponent(() => import('@/features/settings/settings-page'), 'SettingsPage'),
})
