import { MantineProvider } from '@mantine/core'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { type Column, DataTable, type Sort } from './data-table'

interface Model {
  name: string
  latency: number | null
}
const rows: Model[] = [
  { name: 'b', latency: 20 },
  { name: 'c', latency: null },
  { name: 'a', latency: 100 },
]
const columns: Column<Model>[] = [
  { id: 'name', header: 'Name', cell: (row) => row.name, sortBy: (row) => row.name },
  { id: 'latency', header: 'Latency', cell: (row) => row.latency ?? '–', sortBy: (row) => row.latency, align: 'end' },
  { id: 'plain', header: 'Plain', cell: () => 'x' },
]

function Sortable({ onOpen, onEndReached }: { onOpen?: (row: Model) => void; onEndReached?: () => void }) {
  const [sort, setSort] = useState<Sort | null>(null)
  return (
    <MantineProvider>
      <DataTable
        caption="Models"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.name}
        {...{ sort, onOpen, onEndReached }}
        onSort={setSort}
      />
    </MantineProvider>
  )
}
const names = () =>
  within(screen.getByRole('table'))
    .getAllByRole('row')
    .slice(1)
    .map((row) => within(row).getAllByRole('cell')[0]?.textContent)

test('a head sorts descending, ascending, and not at all', async () => {
  render(<Sortable />)
  const user = userEvent.setup()
  expect(names()).toEqual(['b', 'c', 'a'])

  await user.click(screen.getByRole('button', { name: 'Latency' }))
  expect(names()).toEqual(['a', 'b', 'c'])
  expect(screen.getByRole('columnheader', { name: 'Latency' })).toHaveAttribute('aria-sort', 'descending')

  await user.click(screen.getByRole('button', { name: 'Latency' }))
  expect(names()).toEqual(['b', 'a', 'c'])

  await user.click(screen.getByRole('button', { name: 'Latency' }))
  expect(names()).toEqual(['b', 'c', 'a'])
})

test('a column without `sortBy` has no button', () => {
  render(<Sortable />)
  expect(screen.getByRole('columnheader', { name: 'Plain' })).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Plain' })).toBeNull()
})

test('a row opens by a click anywhere and by Enter on its first cell, once', async () => {
  const onOpen = vi.fn()
  render(<Sortable onOpen={onOpen} />)
  const user = userEvent.setup()

  await user.click(screen.getAllByText('x')[1] ?? expect.fail())
  screen.getByRole('button', { name: 'a' }).focus()
  await user.keyboard('{Enter}')

  expect(onOpen.mock.calls.map(([row]) => (row as Model).name)).toEqual(['c', 'a'])
})

test('the end is reported once for each length of the list', () => {
  const onEndReached = vi.fn()
  const { rerender } = render(<Sortable onEndReached={onEndReached} />)
  rerender(<Sortable onEndReached={onEndReached} />)

  expect(onEndReached).toHaveBeenCalledTimes(1)
})

test('of many rows only a few are rendered', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => ({ name: String(n), latency: n }))
  render(
    <MantineProvider>
      <DataTable caption="Models" columns={columns} rows={many} rowKey={(row) => row.name} />
    </MantineProvider>,
  )

  expect(screen.getAllByRole('row').length).toBeLessThan(100)
  expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '10001')
})

test('arrow keys, Home and End move between rows', async () => {
  render(<Sortable onOpen={() => undefined} />)
  const user = userEvent.setup()
  screen.getByRole('button', { name: 'b' }).focus()
  await user.keyboard('{ArrowDown}')
  expect(screen.getByRole('button', { name: 'c' })).toHaveFocus()
  await user.keyboard('{End}{ArrowDown}')
  expect(screen.getByRole('button', { name: 'a' })).toHaveFocus()
  await user.keyboard('{Home}{ArrowUp}')
  expect(screen.getByRole('button', { name: 'b' })).toHaveFocus()
})
