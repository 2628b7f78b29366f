/** The figures of a chart as a table, collapsed at first. */
import { VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import type { TimeChartProps } from './model'
import classes from './time-chart.module.css'

export function ChartTable({ label, times, series, format, formatInTable = format, formatTime }: TimeChartProps) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <details className={classes.details} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Show as table</summary>
      {isOpen && (
        <div className={classes.tableBox} tabIndex={0} role="group" aria-label={label}>
          <table>
            <VisuallyHidden component="caption">{label}</VisuallyHidden>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col" dir="auto">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time}>
                  <th scope="row">{formatTime(time)}</th>
                  {series.map(({ name, values }) => (
                    <td key={name}>{formatInTable(values[index] ?? null)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
