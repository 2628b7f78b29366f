import { MantineProvider } from '@mantine/core'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import TimeChart from './time-chart'

test('the figures are available as a table', async () => {
  render(
    <MantineProvider>
      <TimeChart
        label="Requests a minute"
        kind="stacked-bars"
        times={['2026-11-23T13:00:00Z', '2026-11-23T13:01:00Z']}
        series={[
          { name: 'completed', values: [12, 9] },
          { name: 'errors', values: [0, null] },
        ]}
        format={(value) => (value === null ? '–' : `${value}/min`)}
        formatTime={(time) => time.slice(11, 16)}
      />
    </MantineProvider>,
  )
  await userEvent.click(screen.getByText('Show as table'))

  const rows = within(screen.getByRole('table', { name: 'Requests a minute' })).getAllByRole('row')
  expect(rows.map((row) => row.textContent)).toEqual(['Timecompletederrors', '13:0012/min0/min', '13:019/min–'])
})
