/** The lines, areas or bars of a chart. */
import { unbroken } from '../sparkline'
import { colourOf, edges, type TimeChartProps } from './model'
import classes from './time-chart.module.css'

interface ShapesProps extends Pick<TimeChartProps, 'kind' | 'series'> {
  x: (index: number) => number
  y: (value: number) => number
  /** The width of one bucket in pixels. */
  band: number
  at: number | null
}

export function Shapes(props: ShapesProps) {
  return props.kind === 'stacked-bars' ? <Bars {...props} /> : <Lines {...props} />
}

function Bars({ series, x, y, band, at }: ShapesProps) {
  const width = Math.max(1, band - Math.min(4, band * 0.3))
  return edges(series, true).map((bars, index) => {
    const one = series[index]
    return (
      <g key={one?.name} fill={one && colourOf(one, index)}>
        {bars.map((edge, place) =>
          edge === null || edge[0] === edge[1] ? null : (
            <rect
              key={place}
              x={x(place) - width / 2}
              y={y(edge[1])}
              width={width}
              height={Math.max(0, y(edge[0]) - y(edge[1]))}
              rx={Math.min(2, width / 3)}
              opacity={at === null || at === place ? 1 : 0.45}
            />
          ),
        )}
      </g>
    )
  })
}

function Lines({ kind, series, x, y, at }: ShapesProps) {
  const isStacked = kind === 'stacked-area'
  const all = edges(series, isStacked)
  return series.map((one, index) => {
    const colour = colourOf(one, index)
    const edgesOfOne = all[index] ?? []
    const runs = unbroken(edgesOfOne.map((edge) => edge?.[1] ?? null))
    const low = (place: number) => y(edgesOfOne[place]?.[0] ?? 0)
    const pointed = at === null ? null : edgesOfOne[at]
    return (
      <g key={one.name} color={colour}>
        {runs.map((run) => {
          const top = run.map(([place, value]) => `${x(place)},${y(value)}`).join(' L')
          const back = run
            .toReversed()
            .map(([place]) => `${x(place)},${low(place)}`)
            .join(' L')
          return (
            <g key={run[0]?.[0]}>
              {(isStacked || series.length === 1) && (
                <path className={isStacked ? classes.stack : classes.shade} d={`M${top} L${back} Z`} />
              )}
              <path className={classes.line} d={`M${top}`} />
              {run.length === 1 && run[0] && (
                <circle className={classes.point} cx={x(run[0][0])} cy={y(run[0][1])} r={2.5} />
              )}
            </g>
          )
        })}
        {at !== null && pointed && <circle className={classes.point} cx={x(at)} cy={y(pointed[1])} r={3.5} />}
      </g>
    )
  })
}
