/** A line without axes below a figure. `null` leaves a gap. */
import type { Meaning } from './status-badge'
import classes from './sparkline.module.css'

interface SparklineProps {
  values: (number | null)[]
  /** For screen readers: "Requests in the last hour". */
  label: string
  meaning?: Meaning
}

const [WIDTH, HEIGHT, INSET] = [120, 36, 2]

export function Sparkline({ values, label, meaning = 'accent' }: SparklineProps) {
  const known = values.filter((value) => value !== null)
  const [low, high] = [Math.min(...known, 0), Math.max(...known, 0)]
  const x = (index: number) => (values.length < 2 ? WIDTH / 2 : (index / (values.length - 1)) * WIDTH)
  const y = (value: number) => HEIGHT - INSET - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * INSET)
  const lines = unbroken(values).map((run) =>
    run.map(([index, value]) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`),
  )
  return (
    <svg
      className={classes.sparkline}
      data-meaning={meaning}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {lines.map((points, index) => {
        const run = points.join(' L')
        const [first = '0', last = '0'] = [points[0]?.split(',')[0], points.at(-1)?.split(',')[0]]
        return (
          <g key={index}>
            <path className={classes.area} d={`M${run} L${last},${HEIGHT} L${first},${HEIGHT} Z`} />
            <path className={classes.line} d={`M${run}`} />
          </g>
        )
      })}
    </svg>
  )
}

/** The runs of known values, each with its index. */
export function unbroken(values: (number | null)[]): [index: number, value: number][][] {
  const runs: [number, number][][] = []
  let isOpen = false
  values.forEach((value, index) => {
    if (value === null) {
      isOpen = false
      return
    }
    if (isOpen) runs.at(-1)?.push([index, value])
    else runs.push([[index, value]])
    isOpen = true
  })
  return runs
}
