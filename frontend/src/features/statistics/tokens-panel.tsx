/** Tokens by class. */
import type { Schemas } from '@/api/client'
import { formatPercent } from '@/lib/format'
import { TOKEN_CLASSES, totalTokens } from '@/lib/tokens'
import { Bar } from '@/ui/bar'
import { TokenCount } from '@/ui/figures'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import classes from './tokens-panel.module.css'

export function TokensPanel({ summary: { tokens } }: { summary: Schemas['RequestSums'] }) {
  const total = totalTokens(tokens)
  const largest = tokens === null ? 0 : Math.max(...TOKEN_CLASSES.map(({ field }) => tokens[field]), 1)
  return (
    <Panel title="Tokens by class" description="The classes do not overlap, so that they add up.">
      {tokens === null || total === null ? (
        <EmptyState title="No usage reported">No provider reported the tokens of a request in this range.</EmptyState>
      ) : (
        <ul className={classes.list}>
          {TOKEN_CLASSES.map(({ field, name }) => (
            <li key={field}>
              <span>{name}</span>
              <span className={classes.count}>
                <TokenCount count={tokens[field]} />
                {total > 0 && ` · ${formatPercent(tokens[field] / total)}`}
              </span>
              <span className={classes.bar}>
                <Bar share={tokens[field] / largest} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
