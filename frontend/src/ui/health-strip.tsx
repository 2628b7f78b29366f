/** Recent history as a row of cells, oldest first: one look tells how it has been. */
import { Tooltip } from '@mantine/core'
import { memo, useState } from 'react'
import type { Meaning } from './status-badge'
import classes from './health-strip.module.css'

interface HealthCell {
  meaning: Meaning
  /** When, and what: "14:05: 3 of 40 failed". */
  label: string
}

interface HealthStripProps {
  cells: HealthCell[]
  /** The whole in a sentence, since the cells are for eyes only. */
  label: string
  size?: 'sm' | 'md'
}

/** Memoised, with one tooltip for all cells: a page may have forty strips of sixty, and be live. */
export const HealthStrip = memo(function HealthStrip({ cells, label, size = 'md' }: HealthStripProps) {
  const [pointed, setPointed] = useState<number | null>(null)
  return (
    <Tooltip.Floating label={pointed === null ? '' : cells[pointed]?.label} disabled={pointed === null}>
      <div
        className={classes.strip}
        data-size={size}
        role="img"
        aria-label={label}
        onPointerMove={(event) => {
          const index = event.target instanceof HTMLElement ? event.target.dataset.index : undefined
          setPointed(index === undefined ? null : Number(index))
        }}
        onPointerLeave={() => {
          setPointed(null)
        }}
      >
        {cells.map((cell, index) => (
          <span key={index} className={classes.cell} data-meaning={cell.meaning} data-index={index} />
        ))}
      </div>
    </Tooltip.Floating>
  )
})
