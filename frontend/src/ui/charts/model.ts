/** The data of a chart over time, and its geometry. */
import { scaleFromZero, type Scale } from '@/lib/scale'

export interface Series {
  name: string
  /** One for each time; `null` leaves a gap. */
  values: (number | null)[]
  /** A token, such as `var(--ae-down)`; by default the colour of its position. */
  colour?: string
}

export interface TimeChartProps {
  /** "Requests per minute". */
  label: string
  /** The beginning of each bucket, ISO-8601, ascending. */
  times: string[]
  series: Series[]
  kind: 'line' | 'stacked-area' | 'stacked-bars'
  /** A value with its unit, for axis and legend. */
  format: (value: number | null) => string
  /** The same for the table, aligned; by default `format`. */
  formatInTable?: (value: number | null) => string
  /** The label of a bucket below the axis, such as 14:05 or 23 Nov. */
  formatTime: (time: string) => string
  height?: number
  /** A bucket was selected, to drill down. */
  onSelect?: (time: string) => void
}

const [LEAST_LABEL_WIDTH, LABEL_GAP, CHARACTER_WIDTH] = [52, 8, 7]

/** The width of the value axis's labels in pixels: `$0.00004` is wider than `200`. */
export function labelWidth(labels: string[]): number {
  const longest = Math.max(0, ...labels.map(({ length }) => length))
  return Math.max(LEAST_LABEL_WIDTH, longest * CHARACTER_WIDTH + LABEL_GAP)
}

const COLOURS = [1, 2, 3, 4, 5, 6].map((number) => `var(--ae-series-${number})`)

export function colourOf(series: Series, index: number): string {
  return series.colour ?? COLOURS[index % COLOURS.length] ?? 'var(--ae-accent)'
}

/** The lower and upper edge of each value: from 0 for lines, from the series below for stacks. */
export function edges(series: Series[], isStacked: boolean): ([low: number, high: number] | null)[][] {
  const tops: number[] = []
  return series.map(({ values }) =>
    values.map((value, index) => {
      if (value === null) return null
      const low = isStacked ? (tops[index] ?? 0) : 0
      tops[index] = low + value
      return [low, low + value]
    }),
  )
}

export function scaleOf(series: Series[], isStacked: boolean): Scale {
  const highs = edges(series, isStacked).flatMap((one) => one.map((edge) => edge?.[1] ?? 0))
  return scaleFromZero(Math.max(0, ...highs))
}
