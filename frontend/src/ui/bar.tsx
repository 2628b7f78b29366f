import classes from './bar.module.css'
import type { Meaning } from './status-badge'

/** A share from 0 to 1 as a bar; the figure itself is beside it. */
export function Bar({ share, meaning = 'accent' }: { share: number; meaning?: Meaning }) {
  return (
    <span className={classes.track} aria-hidden>
      <span
        className={classes.fill}
        data-meaning={meaning}
        style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
      />
    </span>
  )
}
