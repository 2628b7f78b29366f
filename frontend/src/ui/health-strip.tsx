/** A provider's recent history as a row of cells, oldest first. */
import { memo, type PointerEvent, useMemo, useState } from 'react'
import { type HistoryCell, historyCells, historySummary, type ProviderHistory } from '@/lib/health-history'
import type { Meaning } from './status-badge'
import classes from './health-strip.module.css'
import { TooltipBubble } from './tooltip'

interface HealthStripProps {
  /** `undefined` while it loads: nothing is shown. */
  history: ProviderHistory | undefined
  provider: string
  size?: 'sm' | 'md'
}

/** The coloured share of a cell; the rest is the gap to the next. */
const COLOURED = 0.76
const WIDEST_CELL_PIXELS = 11

/**
 * Memoised, and drawn with one path for each meaning: a live page may have forty strips of sixty cells, whose elements would be half
 * of the document.
 */
export const HealthStrip = memo(function HealthStrip({ history, provider, size = 'md' }: HealthStripProps) {
  const [pointed, setPointed] = useState<number | null>(null)
  const [anchor, setAnchor] = useState<SVGRectElement | null>(null)
  const points = history?.providers[provider]
  const cells = useMemo(() => (history === undefined ? [] : historyCells(history, points ?? [])), [history, points])
  const shapes = useMemo(() => shapesOf(cells), [cells])
  if (history === undefined) return null
  const close = () => setPointed(null)
  const point = ({ currentTarget, clientX }: PointerEvent<SVGSVGElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect()
    setPointed(Math.min(cells.length - 1, Math.max(0, Math.floor(((clientX - left) / width) * cells.length))))
  }
  const label = pointed === null ? undefined : cells[pointed]?.label
  return (
    <>
      <svg
        className={classes.strip}
        data-size={size}
        style={{ maxWidth: cells.length * WIDEST_CELL_PIXELS }}
        viewBox={`0 0 ${cells.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={historySummary(history, points ?? [])}
        onPointerMove={point}
        onPointerLeave={close}
      >
        {shapes.map(([meaning, path]) => (
          <path key={meaning} className={classes.cells} data-meaning={meaning} d={path} />
        ))}
        {pointed !== null && (
          <rect key={pointed} ref={setAnchor} className={classes.pointed} x={pointed} width={COLOURED} height={1} />
        )}
      </svg>
      {anchor !== null && label !== undefined && <TooltipBubble anchor={anchor} label={label} onClose={close} />}
    </>
  )
})

/** One path for each meaning, with all of its cells. */
function shapesOf(cells: HistoryCell[]): [Meaning, string][] {
  const paths = new Map<Meaning, string>()
  cells.forEach(({ meaning }, index) => {
    paths.set(meaning, `${paths.get(meaning) ?? ''}M${index} 0h${COLOURED}v1h-${COLOURED}z`)
  })
  return [...paths]
}
