/** The price of a million tokens: "free" for 0, a dash if unknown. */
import { Money } from '@/ui/figures'
import { isFree } from './model'

export function RoutePrice({ usd, isInColumn = false }: { usd: string | null; isInColumn?: boolean }) {
  if (isFree(usd)) return <>free</>
  return isInColumn ? <Money usd={usd} column="price" /> : <Money usd={usd} />
}
