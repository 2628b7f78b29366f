/**
 * A semantic table, sortable by keyboard, and smooth with ten thousand rows, of which only the visible ones are rendered. The sort is
 * held by the page, which keeps it in its URL.
 */
import {
  type ColumnDef,
  createSortedRowModel,
  type Row as TableRow,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { VisuallyHidden } from '@mantine/core'
import { type CSSProperties, memo, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { type Column, ColumnHead, type Sort } from './data-table-head'
import { moveBetweenRows } from './data-table-keys'
import { useRowWindow } from './data-table-window'
import classes from './data-table.module.css'

export type { Column, Sort }

interface DataTableProps<Row> {
  /** For screen readers. */
  caption: string
  /** At module scope or memoised. */
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string
  /** `null` for the given order. */
  sort?: Sort | null
  onSort?: (sort: Sort | null) => void
  /** A row was clicked, or Enter pressed on its first cell. */
  onOpen?: (row: Row) => void
  /** The last rows are visible: load the next page. */
  onEndReached?: () => void
  /** Below the rows. */
  foot?: ReactNode
  /** Shown instead of an empty table. */
  empty?: ReactNode
  rowHeight?: number
  /** Columns keep their `width`, and cells truncate their content. */
  isFixed?: boolean
  /** The row whose details are open. */
  openKey?: string | undefined
  /** The table was scrolled away from its first row, or back to it. */
  onScrolled?: (isScrolled: boolean) => void
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
const MOST_WITHOUT_WINDOW = 60

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const {
    caption,
    columns,
    rows,
    rowKey,
    sort = null,
    onSort,
    onOpen,
    onEndReached,
    foot,
    empty,
    rowHeight = 44,
    isFixed = false,
    openKey,
    onScrolled,
  } = props
  const [box, setBox] = useState<HTMLDivElement | null>(null)
  const isWindowed = rows.length > MOST_WITHOUT_WINDOW
  const columnsById = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns])
  const table = useTable({
    features,
    data: rows,
    columns: useMemo(() => columns.map(definitionOf), [columns]),
    getRowId: rowKey,
    state: { sorting: sort ? [{ id: sort.column, desc: sort.isDescending }] : [] },
  })
  const sorted = table.getRowModel().rows
  const visible = useRowWindow(isWindowed ? box : null, sorted.length, rowHeight)
  const [first, end] = isWindowed ? [visible.first, visible.end] : [0, sorted.length]
  useEndReached(end >= sorted.length, sorted.length, onEndReached)

  const shown = isWindowed ? sorted.slice(first, end) : sorted
  const [before, after] = [first * rowHeight, (sorted.length - end) * rowHeight]
  if (rows.length === 0 && empty !== undefined) return empty
  return (
    // It moves the focus between its buttons and does nothing else.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={setBox}
      className={classes.box}
      data-windowed={isWindowed || undefined}
      tabIndex={isWindowed ? 0 : -1}
      role="group"
      aria-label={caption}
      onScroll={(event) => onScrolled?.(event.currentTarget.scrollTop > rowHeight)}
      onKeyDown={(event) => moveBetweenRows(event, sorted.length, visible.scrollTo)}
    >
      <table className={classes.table} data-fixed={isFixed || undefined} aria-rowcount={sorted.length + 1}>
        <VisuallyHidden component="caption">{caption}</VisuallyHidden>
        <colgroup>
          {columns.map(({ id, width, narrowWidth, hideBelow }) => (
            <col
              key={id}
              style={{ '--column-width': width, '--narrow-width': narrowWidth } as CSSProperties}
              data-hide-below={hideBelow}
            />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <ColumnHead key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Spacer height={before} />}
          {shown.map((row) => (
            <BodyRow
              key={row.id}
              row={row}
              columns={columnsById}
              height={rowHeight}
              isOpen={row.id === openKey}
              onOpen={onOpen}
            />
          ))}
          {after > 0 && <Spacer height={after} />}
        </tbody>
      </table>
      {foot !== undefined && <div className={classes.foot}>{foot}</div>}
    </div>
  )
}

interface BodyRowProps<Row extends object> {
  row: TableRow<typeof features, Row>
  columns: Map<string, Column<Row>>
  height: number
  isOpen: boolean
  onOpen: ((row: Row) => void) | undefined
}

/** Memoised: scrolling renders only the rows that become visible. */
const BodyRow = memo(Body) as typeof Body

function Body<Row extends object>({ row, columns, height, isOpen, onOpen }: BodyRowProps<Row>) {
  const open = onOpen && (() => onOpen(row.original))
  return (
    // A pointer can hit the whole row; keyboards and screen readers use the button in its first cell.
    <tr
      aria-rowindex={row.getDisplayIndex() + 2}
      style={{ height }}
      data-opens={open && true}
      data-open={isOpen || undefined}
      onClick={open}
    >
      {Array.from(columns.values(), ({ id, align, hideBelow, cell }, index) => (
        <td key={id} data-align={align} data-hide-below={hideBelow}>
          {open && index === 0 ? (
            <button
              type="button"
              className={classes.open}
              data-row={row.getDisplayIndex()}
              onClick={(event) => {
                event.stopPropagation()
                open()
              }}
            >
              {cell(row.original)}
            </button>
          ) : (
            cell(row.original)
          )}
        </td>
      ))}
    </tr>
  )
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td className={classes.spacer} />
    </tr>
  )
}

function definitionOf<Row extends object>({ id, sortBy }: Column<Row>): ColumnDef<typeof features, Row> {
  return {
    id,
    accessorFn: (row) => sortBy?.(row) ?? undefined,
    sortUndefined: 'last',
    enableSorting: sortBy !== undefined,
  }
}

/** Calls it once for each length of the list. */
function useEndReached(isReached: boolean, count: number, onEndReached: (() => void) | undefined): void {
  const calledAt = useRef(-1)
  useEffect(() => {
    if (!isReached || count === 0 || onEndReached === undefined || calledAt.current === count) return
    calledAt.current = count
    onEndReached()
  }, [isReached, count, onEndReached])
}
