/** Placeholders with the size of the content that is loading. */
import { Skeleton } from '@mantine/core'
import { Fact, Facts } from './facts'

/** The rows of a `DataTable`. */
export function TableSkeleton({ rows = 8, rowHeight = 44 }: { rows?: number; rowHeight?: number }) {
  return (
    <div aria-hidden>
      {Array.from({ length: rows }, (_, index) => (
        <div
          key={index}
          style={{ height: rowHeight, display: 'flex', alignItems: 'center', gap: 24, padding: '0 20px' }}
        >
          <Skeleton height={12} width={`${24 + ((index * 37) % 17)}%`} />
          <Skeleton height={12} width={`${12 + ((index * 23) % 11)}%`} />
          <Skeleton height={12} width="8%" ml="auto" />
        </div>
      ))}
    </div>
  )
}

/** `Facts` with as many entries. */
export function FactsSkeleton({ facts }: { facts: number }) {
  return (
    <Facts>
      {Array.from({ length: facts }, (_, index) => (
        <Fact key={index} name={'\u00a0'}>
          <Skeleton height={12} my={4.5} width={`${20 + ((index * 29) % 31)}%`} />
        </Fact>
      ))}
    </Facts>
  )
}
