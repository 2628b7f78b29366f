/** Pages that nobody asked for: the one that is not there, and the one that crashed. */
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
        title="There is no page at this address"
        action={
          <Button variant="default" component={Link} to="/">
            To the first page
          </Button>
        }
      >
        It may be mistyped, or from another version.
      </EmptyState>
    </>
  )
}

export function PageCrashed({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <PageHeader title="This page stopped" description="All others still work." />
      <ErrorState error={error} onRetry={reset} />
    </>
  )
}
