/** Who changed what about this provider, newest first. */
import { useQuery } from '@tanstack/react-query'
import { RelativeTime } from '@/ui/figures'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { TableSkeleton } from '@/ui/skeletons'
import { auditWords, type Provider } from './model'
import classes from './provider-history.module.css'
import { auditQuery } from './queries'

export function ProviderHistory({ provider }: { provider: Provider }) {
  const query = useQuery(auditQuery(provider.name))
  return (
    <Loaded query={query} skeleton={<TableSkeleton rows={5} rowHeight={52} />}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="Nobody has changed anything">
            What is switched, drained, rolled or set by hand is kept here, with who did it and from where.
          </EmptyState>
        ) : (
          <ol className={classes.list}>
            {items.map((entry) => (
              <li key={entry.id} className={classes.entry}>
                <span className={classes.what} dir="auto">
                  {auditWords(entry)}
                </span>
                <span className={classes.who}>
                  {entry.actor.name}
                  {entry.address !== null && ` from ${entry.address}`}, <RelativeTime at={entry.at} />
                </span>
              </li>
            ))}
          </ol>
        )
      }
    </Loaded>
  )
}
