/** What a million tokens cost: free in a word, unknown as a dash. */
import { Money } from '@/ui/figures'
import { isFree } from './model'

export function RoutePrice({ usd }: { usd: string | null }) {
  return isFree(usd) ? <>free</> : <Money usd={usd} />
}
