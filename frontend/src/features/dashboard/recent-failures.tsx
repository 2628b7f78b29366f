/** The latest failed requests, each a link to its details. */
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { FinishedRequest } from '@/api/live-state'
import { outcomeOf } from '@/lib/outcome-words'
import { RelativeTime } from '@/ui/figures'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { TableSkeleton } from '@/ui/skeletons'
import { StatusBadge } from '@/ui/status-badge'
import { IconMoodSmile } from '@tabler/icons-react'
import dashboard from './dashboard.module.css'
import { useRecentFailures } from './queries'
import classes from './recent-failures.module.css'

export const RecentFailures = memo(function RecentFailures() {
  const query = useRecentFailures()
  return (
    <Panel
      title="Recent failures"
      isFlush
      actions={
        <Link to="/requests" search={{ ending: 'error' }} className={dashboard.link}>
          All failures
        </Link>
      }
    >
      <Loaded query={query} skeleton={<TableSkeleton rows={6} rowHeight={56} />}>
        {(requests) =>
          requests.length === 0 ? (
            <EmptyState icon={IconMoodSmile} title="No failures">
              Failed and interrupted requests appear here.
            </EmptyState>
          ) : (
            <ul>
              {requests.map((request) => (
                <Failure key={request.id} request={request} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
})

const Failure = memo(function Failure({ request }: { request: FinishedRequest }) {
  const { id, requested_model, provider, status, received_at } = request
  const { name, explanation, meaning } = outcomeOf(request)
  return (
    <li>
      <Link to="/requests" search={{ request: id }} className={classes.failure} title={explanation}>
        <span className={classes.head}>
          <StatusBadge meaning={meaning}>{name}</StatusBadge>
          <span className={classes.when}>
            <RelativeTime at={received_at} />
          </span>
        </span>
        <span className={classes.what}>
          <span className={classes.model} dir="auto">
            {requested_model}
          </span>
          <span className={classes.status}>
            {status}
            {provider !== null && ` · ${provider}`}
          </span>
        </span>
      </Link>
    </li>
  )
})
