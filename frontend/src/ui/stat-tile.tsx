/** One figure with its name, a hint and a sparkline. Its height does not depend on its content. */
import { Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Meaning } from './status-badge'
import classes from './stat-tile.module.css'

interface StatTileProps {
  label: string
  /** `undefined` while it loads. */
  value: ReactNode
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

/** Tiles in rows of as many as fit. */
export function StatTiles({ children }: { children: ReactNode }) {
  return <dl className={classes.tiles}>{children}</dl>
}
