/**
 * A chart over time: axes with units, a crosshair for pointer and arrow keys, and the same figures as a table.
 */
import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, type MouseEvent, useRef, useState } from 'react'
import { ChartTable } from './chart-table'
import { colourOf, labelWidth, scaleOf, type TimeChartProps } from './model'
import { Shapes } from './shapes'
import { TimeAxis } from './time-axis'
import classes from './time-chart.module.css'

const [TOP, BOTTOM] = [8, 22]

export default function TimeChart(props: TimeChartProps) {
  const { label, times, series, kind, format, formatTime, height = 220, onSelect } = props
  const { ref, width } = useElementSize()
  const [at, setAt] = useState<number | null>(null)
  const pressed = useRef({ isTouch: false, at })
  const scale = scaleOf(series, kind !== 'line')
  const left = labelWidth(scale.ticks.map(format))
  const plot = { left, width: Math.max(0, width - left - 4), height: height - TOP - BOTTOM }
  const band = plot.width / Math.max(1, times.length)
  const x = (index: number) => plot.left + (index + 0.5) * band
  const y = (value: number) => TOP + plot.height * (1 - value / scale.max)
  const chosen = at !== null && at < times.length ? at : null

  const bucketAt = (event: MouseEvent<SVGSVGElement>) => {
    const place = event.clientX - event.currentTarget.getBoundingClientRect().left - plot.left
    return band > 0 ? Math.min(times.length - 1, Math.max(0, Math.floor(place / band))) : null
  }
  const move = (event: KeyboardEvent) => {
    const last = times.length - 1
    const next = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last }[event.key]
    if (next !== undefined) {
      event.preventDefault()
      setAt(Math.min(last, Math.max(0, next)))
    } else if (event.key === 'Escape') setAt(null)
    else if (event.key === 'Enter') select(chosen)
  }
  const select = (index: number | null) => {
    const time = index === null ? undefined : times[index]
    if (time !== undefined) onSelect?.(time)
  }
  // On a touch screen the first tap shows a bucket, the second one selects it.
  const click = (event: MouseEvent<SVGSVGElement>) => {
    const index = bucketAt(event)
    if (!pressed.current.isTouch || index === pressed.current.at) select(index)
  }

  return (
    <figure className={classes.figure}>
      <Legend {...props} at={chosen} />
      <div ref={ref} className={classes.plot} style={{ height }}>
        {width > 0 && (
          // Screen readers read the bucket that the arrow keys choose from the legend, which is a live region.
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={`${label}. Use the arrow keys to read the values.`}
            tabIndex={0}
            data-selects={onSelect !== undefined || undefined}
            onPointerDown={(event) => {
              pressed.current = { isTouch: event.pointerType === 'touch', at: chosen }
              setAt(bucketAt(event))
            }}
            onPointerMove={(event) => setAt(bucketAt(event))}
            onPointerLeave={(event) => {
              if (event.pointerType !== 'touch') setAt(null)
            }}
            onKeyDown={move}
            onBlur={() => setAt(null)}
            onClick={click}
          >
            {scale.ticks.map((tick) => (
              <g key={tick}>
                <line className={classes.grid} x1={plot.left} x2={plot.left + plot.width} y1={y(tick)} y2={y(tick)} />
                <text className={classes.tick} x={plot.left - 8} y={y(tick)} dy="0.32em" textAnchor="end">
                  {format(tick)}
                </text>
              </g>
            ))}
            <TimeAxis times={times} formatTime={formatTime} x={x} width={plot.width} right={width} y={height - 6} />
            {chosen !== null && (
              <line className={classes.crosshair} x1={x(chosen)} x2={x(chosen)} y1={TOP} y2={TOP + plot.height} />
            )}
            <Shapes kind={kind} series={series} x={x} y={y} band={band} at={chosen} />
          </svg>
        )}
      </div>
      <ChartTable {...props} />
    </figure>
  )
}

/** Names and colours; with a bucket chosen, its time and values. */
function Legend({ label, times, series, format, formatTime, at }: TimeChartProps & { at: number | null }) {
  const time = at === null ? undefined : times[at]
  return (
    <figcaption className={classes.legend} aria-live="polite">
      <span className={classes.when}>{time === undefined ? label : formatTime(time)}</span>
      {series.map((one, index) => (
        <span key={one.name} className={classes.entry}>
          <span className={classes.swatch} style={{ background: colourOf(one, index) }} aria-hidden />
          <span dir="auto">{one.name}</span>
          {at !== null && <strong>{format(one.values[at] ?? null)}</strong>}
        </span>
      ))}
    </figcaption>
  )
}
