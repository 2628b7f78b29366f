/** Recent history as a row of cells, oldest first: one look tells how it has been. */
import { Tooltip } from '@mantine/core'
import type { Meaning } from './status-badge'
import classes from './health-strip.module.css'

interface HealthCell {
  meaning: Meaning
  /** When, and what: "14:05: 3 of 40 failed". */
  label: string
}

/** `label` says the whole in a sentence, since the cells are for eyes only. */
export function HealthStrip({ cells, label }: { cells: HealthCell[]; label: string }) {
  return (
    <div className={classes.strip} role="img" aria-label={label}>
      {cells.map((cell, index) => (
        <Tooltip key={index} label={cell.label} openDelay={0}>
          <span className={classes.cell} data-meaning={cell.meaning} />
        </Tooltip>
      ))}
    </div>
  )
}
