import { flagWords } from '@/lib/provider-words'
import { Countdown } from './figures'

interface FlagReasonProps {
  reason: string
  /** `null` where the end is not known. */
  until: string | null
}

/** Why something is out of rotation, and for how long: `Rate limited, 12 s`. */
export function FlagReason({ reason, until }: FlagReasonProps) {
  return (
    <>
      {flagWords(reason).name}
      {until !== null && (
        <>
          , <Countdown until={until} />
        </>
      )}
    </>
  )
}

/** Behind a sentence: ` · back in 12 s`. */
export function BackIn({ until }: { until: string | null }) {
  if (until === null) return null
  return (
    <>
      {' · back in '}
      <Countdown until={until} />
    </>
  )
}
