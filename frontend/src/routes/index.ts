/** Every page, in the order of the navigation. A new page is a file beside this one and a line here. */
import { homeRoute } from './home'
import { modelsRoute } from './models'
import { playgroundRoute } from './playground'
import { providersRoute } from './providers'
import { requestsRoute } from './requests'
import { rootRoute } from './root'
import { settingsRoute } from './settings'
import { statisticsRoute } from './statistics'

const pages = [
  homeRoute,
  providersRoute,
  modelsRoute,
  statisticsRoute,
  requestsRoute,
  playgroundRoute,
  settingsRoute,
] as const

export const routeTree = rootRoute.addChildren(pages)

export const navigation = pages.flatMap(({ options }) => {
  const { title, navigation: entry } = options.staticData ?? {}
  return 'path' in options && title && entry ? [{ to: options.path, title, ...entry }] : []
})
