/** What a chart over time is given, and the numbers that it draws. */
import { scaleFromZero, type Scale } from '@/lib/scale'

export interface Series {
  name: string
  /** One for each time; `null` where nothing is known, which leaves a gap. */
  values: (number | null)[]
  /** A token, such as `var(--ae-down)`; without one the series' own colour. */
  colour?: string
}

export interface TimeChartProps {
  /** What the chart shows: "Requests a minute". */
  label: string
  /** The beginning of each bucket, ISO-8601, ascending. */
  times: string[]
  series: Series[]
  /** Lines side by side, or bars and areas on top of each other. */
  kind: 'line' | 'stacked-area' | 'stacked-bars'
  /** A value with its unit, for axis and legend, and for the table as well where nothing else is said. */
  format: (value: number | null) => string
  /** The same in the table, whose digits line up. */
  formatInTable?: (value: number | null) => string
  /** How a time reads below the axis, such as 14:05 or 23 Nov. */
  formatTime: (time: string) => string
  height?: number
  /** Drill down: a bucket was chosen. */
  onSelect?: (time: string) => void
}

const [LEAST_LABEL_WIDTH, LABEL_GAP, CHARACTER_WIDTH] = [52, 8, 7]

/** The room that the labels of an axis of values need, in pixels: `$0.00004` needs more than `200`. */
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
