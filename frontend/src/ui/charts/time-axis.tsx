/** The labels below a chart, each at the centre of its bucket. */
import { timeTicks } from '@/lib/time-ticks'
import type { TimeChartProps } from './model'
import classes from './time-chart.module.css'

interface TimeAxisProps extends Pick<TimeChartProps, 'times' | 'formatTime'> {
  x: (index: number) => number
  y: number
  /** The length of the axis in pixels. */
  width: number
  /** The right edge of the chart, which no label exceeds. */
  right: number
}

const [PIXELS_PER_LETTER, GAP] = [6.5, 24]
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const LONGEST_DAY = '22 Sept'

export function TimeAxis({ times, formatTime, x, y, width, right }: TimeAxisProps) {
  const longest = Math.max(...[...times.slice(0, 1), ...times.slice(-1)].map((time) => formatTime(time).length))
  const room = (isDay: boolean) =>
    Math.floor(width / ((isDay ? LONGEST_DAY.length : longest) * PIXELS_PER_LETTER + GAP))
  return timeTicks(times, room).map(({ index, isDay }) => {
    const time = times[index] ?? ''
    const name = isDay ? DAY.format(new Date(time)) : formatTime(time)
    return (
      <text
        key={index}
        className={classes.tick}
        x={Math.min(x(index), right - (name.length * PIXELS_PER_LETTER) / 2)}
        y={y}
        textAnchor="middle"
      >
        {name}
      </text>
    )
  })
}
