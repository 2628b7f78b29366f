/** `/playground`: a streamed chat through the gateway. Model and parameters are in the URL, messages are not. */
import { IconMessageChatbot } from '@tabler/icons-react'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { playgroundSearch } from '@/features/playground/search'
import { rootRoute } from './root'

export const playgroundRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/playground',
  validateSearch: playgroundSearch,
  staticData: { title: 'Playground', navigation: { icon: IconMessageChatbot, shortcut: 'c' } },
  component: lazyRouteComponent(() => import('@/features/playground/playground-page'), 'PlaygroundPage'),
})
