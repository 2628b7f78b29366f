/** Recent history as a row of cells, oldest first: one look tells how it has been. */
import { memo, useState } from 'react'
import type { Meaning } from './status-badge'
import { TooltipBubble } from './tooltip'
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
  const [pointed, setPointed] = useState<HTMLElement | null>(null)
  const close = () => {
    setPointed(null)
  }
  const told = pointed === null ? undefined : cells[Number(pointed.dataset.index)]?.label
  return (
    <>
      <div
        className={classes.strip}
        data-size={size}
        role="img"
        aria-label={label}
        onPointerMove={({ target }) => {
          setPointed(target instanceof HTMLElement && target.dataset.index !== undefined ? target : null)
        }}
        onPointerLeave={close}
      >
        {cells.map((cell, index) => (
          <span key={index} className={classes.cell} data-meaning={cell.meaning} data-index={index} />
        ))}
      </div>
      {pointed !== null && told !== undefined && <TooltipBubble anchor={pointed} label={told} onClose={close} />}
    </>
  )
})
