/** Tokens by class, those that are known: none is not the same as unknown. */
import type { Schemas } from '@/api/client'
import { TokenCount } from '@/ui/figures'
import classes from './token-list.module.css'

const CLASSES = [
  { field: 'input', name: 'in' },
  { field: 'cached_input', name: 'from cache' },
  { field: 'cache_write', name: 'into cache' },
  { field: 'output', name: 'out' },
  { field: 'reasoning', name: 'reasoning' },
] as const

interface TokenListProps {
  tokens: Schemas['TokensView']
  isEstimated: boolean
}

export function TokenList({ tokens, isEstimated }: TokenListProps) {
  const known = CLASSES.filter(({ field }) => tokens[field] !== null)
  // Who tells of input and output usually has no word for a cache that was not used.
  const shown = known.filter(({ field }) => tokens[field] !== 0 || field === 'input' || field === 'output')
  if (known.length === 0) return <span className={classes.unknown}>unknown</span>
  return (
    <span className={classes.list}>
      {shown.map(({ field, name }) => (
        <span key={field} className={classes.entry}>
          <TokenCount count={tokens[field]} isEstimated={isEstimated} /> {name}
        </span>
      ))}
      {isEstimated && <span className={classes.unknown}>estimated</span>}
    </span>
  )
}
