/** A state as a word and a colour; the word says all that the colour says. */
import type { ReactNode } from 'react'
import classes from './status-badge.module.css'

/** What a colour means, on all pages; see `tokens.css`. */
export type Meaning = 'ok' | 'degraded' | 'down' | 'neutral' | 'accent'

interface StatusBadgeProps {
  meaning: Meaning
  children: ReactNode
  /** It is in progress: the dot pulses. */
  isLive?: boolean
}

export function StatusBadge({ meaning, children, isLive = false }: StatusBadgeProps) {
  return (
    <span className={classes.badge} data-meaning={meaning}>
      <StatusDot meaning={meaning} isLive={isLive} />
      <span className={classes.word}>{children}</span>
    </span>
  )
}

/** The dot alone, beside another text. */
export function StatusDot({ meaning, isLive = false }: { meaning: Meaning; isLive?: boolean }) {
  return <span className={classes.dot} data-meaning={meaning} data-live={isLive || undefined} aria-hidden />
}
