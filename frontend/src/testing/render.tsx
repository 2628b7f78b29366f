/** The real app on a page, as a test sees it: `await renderApp('/settings')`. */
import { render } from '@testing-library/react'
import userEvent, { type UserEvent } from '@testing-library/user-event'
import { notifications } from '@mantine/notifications'
import { createMemoryHistory } from '@tanstack/react-router'
import { App } from '@/app/app'
import { createQueryClient } from '@/app/query-client'
import { createAppRouter } from '@/app/router'

interface Rendered {
  user: UserEvent
  /** The URL that the page has given itself. */
  url: () => string
  /** As the browser's button does. */
  back: () => void
}

export async function renderApp(url: string): Promise<Rendered> {
  // Notifications outlive the page that showed them.
  notifications.clean()
  const queryClient = createQueryClient()
  // A test that waits for an error does not wait for three.
  queryClient.setDefaultOptions({ queries: { ...queryClient.getDefaultOptions().queries, retry: false } })
  const router = createAppRouter(queryClient, createMemoryHistory({ initialEntries: [url] }))
  await router.load()
  render(<App queryClient={queryClient} router={router} />)
  return {
    user: userEvent.setup(),
    url: () => router.history.location.href,
    back: () => router.history.back(),
  }
}
