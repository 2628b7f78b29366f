/** The head of a column, which sorts: downwards, upwards, and as the rows come. */
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react'
import type { Column, Sort } from './data-table'
import classes from './data-table.module.css'

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
