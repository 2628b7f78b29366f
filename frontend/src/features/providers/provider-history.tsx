/** The changes of this provider by operators, newest first. */
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
          <EmptyState title="No changes">Changes by operators appear here, with their name and address.</EmptyState>
        ) : (
          <ol>
            {items.map((entry) => (
              <li key={entry.id} className={classes.entry}>
                <span className={classes.change} dir="auto">
                  {auditWords(entry)}
                </span>
                <span className={classes.actor}>
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
