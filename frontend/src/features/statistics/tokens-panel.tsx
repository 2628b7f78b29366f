/** Tokens by class, which are disjoint and so add up. */
import type { Schemas } from '@/api/client'
import { formatPercent } from '@/lib/format'
import { TOKEN_CLASSES, totalTokens } from '@/lib/tokens'
import { BarList } from '@/ui/bar-list'
import { TokenCount } from '@/ui/figures'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'

export function TokensPanel({ summary: { tokens } }: { summary: Schemas['RequestSums'] }) {
  const total = totalTokens(tokens)
  return (
    <Panel title="Tokens by class" description="Disjoint, so that they add up.">
      {tokens === null || total === null ? (
        <EmptyState title="Nobody told any tokens">No provider counted, and no answer came to be counted.</EmptyState>
      ) : (
        <BarList
          bars={TOKEN_CLASSES.map(({ field, name }) => ({
            key: field,
            name,
            value: tokens[field],
            shown: (
              <>
                <TokenCount count={tokens[field]} />
                {total > 0 && ` · ${formatPercent(tokens[field] / total)}`}
              </>
            ),
          }))}
        />
      )}
    </Panel>
  )
}
