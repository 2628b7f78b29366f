/** The failures by kind, with a link to the failed requests. */
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { formatCount } from '@/lib/format'
import { failureWords } from '@/lib/outcome-words'
import { type Column, DataTable } from '@/ui/data-table'
import { EmptyState } from '@/ui/messages'
import { IconCircleCheck } from '@tabler/icons-react'
import { Panel } from '@/ui/panel'
import classes from './errors-panel.module.css'
import type { Statistics } from './model'
import type { StatisticsFilters } from './search'

interface Failed {
  failure: string
  attempts: number | null
  requests: number
}

interface ErrorsPanelProps {
  statistics: Statistics
  filters: StatisticsFilters
}

export default function ErrorsPanel({ statistics, filters }: ErrorsPanelProps) {
  const { error_stats, begins_at, ends_at } = statistics
  const { provider, model, client } = filters
  const rows = useMemo(
    () =>
      Object.entries(error_stats)
        .map(([failure, counts]) => ({ failure, ...counts }))
        .sort((one, other) => (other.attempts ?? other.requests) - (one.attempts ?? one.requests)),
    [error_stats],
  )
  const columns = useMemo<Column<Failed>[]>(
    () => [
      {
        id: 'failure',
        header: 'Failure',
        cell: ({ failure }) => <FailureWords failure={failure} />,
      },
      {
        id: 'attempts',
        header: 'Attempts',
        width: '84px',
        align: 'end',
        cell: ({ attempts }) => <>{formatCount(attempts)}</>,
      },
      {
        id: 'requests',
        header: 'Failed requests',
        width: '124px',
        align: 'end',
        cell: ({ failure, requests }) =>
          requests === 0 ? (
            <>0</>
          ) : (
            <Link
              className={classes.link}
              to="/requests"
              search={{ failure, from: begins_at, to: ends_at, provider, model, client }}
              aria-label={`${formatCount(requests)} requests failed with ${failureWords(failure).name}`}
            >
              {formatCount(requests)}
            </Link>
          ),
      },
    ],
    [begins_at, ends_at, provider, model, client],
  )
  return (
    <Panel
      title="Errors by kind"
      description="Failed attempts, and the requests that failed with them; the others succeeded with another attempt."
      isFlush
    >
      <DataTable
        caption="Errors by kind"
        columns={columns}
        rows={rows}
        rowKey={({ failure }) => failure}
        empty={
          <EmptyState icon={IconCircleCheck} title="No failures">
            Every attempt in this range succeeded.
          </EmptyState>
        }
      />
    </Panel>
  )
}

function FailureWords({ failure }: { failure: string }) {
  const { name, explanation } = failureWords(failure)
  return (
    <>
      <span className={classes.name} dir="auto">
        {name}
      </span>
      <span className={classes.explanation}>{explanation}</span>
    </>
  )
}
