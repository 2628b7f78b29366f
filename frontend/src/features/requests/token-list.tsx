/** The known tokens by class. */
import type { Schemas } from '@/api/client'
import { TOKEN_CLASSES } from '@/lib/tokens'
import { TokenCount } from '@/ui/figures'
import classes from './token-list.module.css'

interface TokenListProps {
  tokens: Schemas['TokensView']
  isEstimated: boolean
}

export function TokenList({ tokens, isEstimated }: TokenListProps) {
  const known = TOKEN_CLASSES.filter(({ field }) => tokens[field] !== null)
  // Other classes are often 0.
  const shown = known.filter(({ field }) => tokens[field] !== 0 || field === 'input' || field === 'output')
  if (known.length === 0) return <span className={classes.unknown}>unknown</span>
  return (
    <span className={classes.list}>
      {shown.map(({ field, name }) => (
        <span key={field} className={classes.entry}>
          <TokenCount count={tokens[field]} isEstimated={isEstimated} /> {name.toLowerCase()}
        </span>
      ))}
      {isEstimated && <span className={classes.unknown}>estimated</span>}
    </span>
  )
}
