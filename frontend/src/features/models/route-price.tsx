/** What a million tokens cost: free in a word, unknown as a dash. */
import { Money } from '@/ui/figures'
import { isFree } from './model'

export function RoutePrice({ usd, isInColumn = false }: { usd: string | null; isInColumn?: boolean }) {
  if (isFree(usd)) return <>free</>
  return isInColumn ? <Money usd={usd} column="price" /> : <Money usd={usd} />
}
