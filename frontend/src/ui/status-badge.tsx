/** A state in a word and a colour that means something. The word stands alone: colour only helps. */
import type { ReactNode } from 'react'
import classes from './status-badge.module.css'

/** What a colour may mean, everywhere. */
export type Meaning = 'ok' | 'degraded' | 'down' | 'neutral' | 'accent'

interface StatusBadgeProps {
  meaning: Meaning
  children: ReactNode
  /** It is happening now: the dot breathes. */
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

/** The dot alone, beside a word of its own. */
export function StatusDot({ meaning, isLive = false }: { meaning: Meaning; isLive?: boolean }) {
  return <span className={classes.dot} data-meaning={meaning} data-live={isLive || undefined} aria-hidden />
}
