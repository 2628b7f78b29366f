/** The pages for an unknown URL and for a page that crashed. */
import { Button } from '@mantine/core'
import { IconMapOff } from '@tabler/icons-react'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { EmptyState, ErrorState } from '@/ui/messages'
import { PageHeader } from '@/ui/page-header'

export function PageNotFound() {
  return (
    <>
      <PageHeader title="Not found" />
      <EmptyState
        icon={IconMapOff}
        title="Unknown address"
        action={
          <Button variant="default" component={Link} to="/">
            Go to the dashboard
          </Button>
        }
      >
        Check the address, or choose a page from the navigation.
      </EmptyState>
    </>
  )
}

export function PageCrashed({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <PageHeader title="This page failed" description="The other pages still work." />
      <ErrorState error={error} onRetry={reset} />
    </>
  )
}
