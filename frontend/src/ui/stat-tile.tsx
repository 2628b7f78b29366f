/** One figure with its name, what to compare it with, and room for a sparkline. Its height never depends on its content. */
import { Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Meaning } from './status-badge'
import classes from './stat-tile.module.css'

interface StatTileProps {
  label: string
  /** `undefined` while it loads. */
  value: ReactNode
  /** What the figure counts or compares with. */
  hint?: ReactNode
  meaning?: Meaning
  sparkline?: ReactNode
}

export function StatTile({ label, value, hint, meaning, sparkline }: StatTileProps) {
  return (
    <div className={classes.tile}>
      <dt className={classes.label}>{label}</dt>
      <dd className={classes.value} data-meaning={meaning}>
        {value === undefined ? <Skeleton height={20} width={72} my={6} /> : value}
      </dd>
      <dd className={classes.hint}>{hint || '\u00a0'}</dd>
      {sparkline !== undefined && <dd className={classes.sparkline}>{sparkline}</dd>}
    </div>
  )
}

/** Tiles side by side, as many as fit. */
export function StatTiles({ children }: { children: ReactNode }) {
  return <dl className={classes.tiles}>{children}</dl>
}
