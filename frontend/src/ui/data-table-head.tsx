/** What a table's column is, and its head, which sorts: descending, ascending, unsorted. */
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './data-table.module.css'

export interface Column<Row> {
  id: string
  header: string
  cell: (row: Row) => ReactNode
  /** What to sort by; without it the column is not sortable. `null` comes last. */
  sortBy?: (row: Row) => string | number | null
  /** `end` for figures. */
  align?: 'start' | 'end'
  /** A CSS width; columns without one share the rest. */
  width?: string
  /** The same where the table has less than 640 px. */
  narrowWidth?: string
  /** Hidden where the table is narrower than: `sm` 640 px, `md` 900 px, `lg` 1,040 px, `xl` 1,180 px. */
  hideBelow?: 'sm' | 'md' | 'lg' | 'xl'
}

export interface Sort {
  column: string
  isDescending: boolean
}

interface ColumnHeadProps<Row> {
  column: Pick<Column<Row>, 'id' | 'header' | 'sortBy' | 'align' | 'hideBelow'>
  sort: Sort | null
  onSort: ((sort: Sort | null) => void) | undefined
}

export function ColumnHead<Row>({ column, sort, onSort }: ColumnHeadProps<Row>) {
  const { id, header, sortBy, align, hideBelow } = column
  const isSorted = sort?.column === id
  const isDescending = isSorted && sort.isDescending
  const Arrow = !isSorted ? IconArrowsSort : isDescending ? IconArrowDown : IconArrowUp
  return (
    <th
      scope="col"
      data-align={align}
      data-hide-below={hideBelow}
      aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : undefined}
    >
      {sortBy && onSort ? (
        <button
          type="button"
          className={classes.sort}
          data-sorted={isSorted || undefined}
          onClick={() => {
            onSort(
              isDescending ? { column: id, isDescending: false } : isSorted ? null : { column: id, isDescending: true },
            )
          }}
        >
          {header}
          <Arrow size={13} stroke={1.8} aria-hidden />
        </button>
      ) : (
        header
      )}
    </th>
  )
}
