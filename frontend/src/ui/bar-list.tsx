/** Names with their amounts as bars, largest first as they come: who has how much of it. */
import type { ReactNode } from 'react'
import classes from './bar-list.module.css'

interface Bar {
  key: string
  name: ReactNode
  value: number
  /** The value as it is read, with its unit. */
  shown: ReactNode
  /** A click drills down. */
  onSelect?: () => void
}

interface BarListProps {
  bars: Bar[]
  /** What a full bar stands for; without it the largest value. */
  max?: number
  meaning?: 'accent' | 'ok' | 'degraded' | 'down'
}

export function BarList({
  bars,
  max = Math.max(...bars.map(({ value }) => value), 0),
  meaning = 'accent',
}: BarListProps) {
  return (
    <ul className={classes.list} data-meaning={meaning}>
      {bars.map(({ key, name, value, shown, onSelect }) => {
        const content = (
          <>
            <span className={classes.name} dir="auto">
              {name}
            </span>
            <span className={classes.shown}>{shown}</span>
            <span className={classes.track} aria-hidden>
              <span
                className={classes.fill}
                style={{ width: `${max > 0 ? Math.min(100, (value / max) * 100) : 0}%` }}
              />
            </span>
          </>
        )
        return (
          <li key={key}>
            {onSelect ? (
              <button type="button" className={classes.bar} onClick={onSelect}>
                {content}
              </button>
            ) : (
              <div className={classes.bar}>{content}</div>
            )}
          </li>
        )
      })}
    </ul>
  )
}
