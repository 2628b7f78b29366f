/** Every setting with its description, filtered by the URL. */
import { Code } from '@mantine/core'
import { Fragment } from 'react'
import { usePageUrl } from '@/lib/page-url'
import { type Column, DataTable } from '@/ui/data-table'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { SearchField } from '@/ui/search-field'
import { Segmented } from '@/ui/segmented'
import { StatusBadge } from '@/ui/status-badge'
import { foundSettings, type Setting, shownValue } from './model'
import classes from './settings-table.module.css'

const COLUMNS: Column<Setting>[] = [
  {
    id: 'name',
    header: 'Variable',
    width: '290px',
    cell: ({ name, description }) => (
      <>
        <code className={classes.name}>
          <Breakable name={name} />
        </code>
        <div className={classes.descriptionBelow}>
          <Prose text={description} />
        </div>
      </>
    ),
  },
  {
    id: 'value',
    header: 'Value',
    cell: (setting) => (
      <div className={classes.value}>
        {setting.value === null ? (
          <span className={classes.faint}>{shownValue(setting)}</span>
        ) : (
          <Code>{shownValue(setting)}</Code>
        )}
        {setting.is_set && <StatusBadge meaning="accent">set</StatusBadge>}
      </div>
    ),
  },
  {
    id: 'description',
    header: 'Description',
    width: '42%',
    hideBelow: 'md',
    cell: ({ description }) => (
      <span className={classes.description}>
        <Prose text={description} />
      </span>
    ),
  },
]

export function SettingsTable({ settings }: { settings: Setting[] }) {
  const [{ find = '', show }, change] = usePageUrl('/settings')
  return (
    <Panel
      title="Variables"
      description="From the environment and .env. A change needs a reload; address, database and logs need a restart."
      isFlush
      actions={
        <div className={classes.filters}>
          <SearchField
            size="xs"
            label="Find a variable"
            value={find}
            onChange={(text) => change({ find: text }, false)}
          />
          <Segmented
            label="Which variables"
            choices={[
              { value: 'all', label: 'All' },
              { value: 'set', label: 'Set' },
            ]}
            value={show ?? 'all'}
            onChange={(value) => change({ show: value === 'set' ? 'set' : undefined }, false)}
          />
        </div>
      }
    >
      <DataTable
        caption="Variables"
        columns={COLUMNS}
        rows={foundSettings(settings, find, show === 'set')}
        rowKey={({ name }) => name}
        empty={
          <EmptyState title={find === '' ? 'No variables set' : 'No matching variables'}>
            {find === ''
              ? 'Every setting has its default. .env.example lists all variables.'
              : 'Change the search, or show all variables.'}
          </EmptyState>
        }
      />
    </Panel>
  )
}

/** A long name, with line breaks allowed between its words. */
function Breakable({ name }: { name: string }) {
  return name.split('_').map((word, index) => (
    <Fragment key={index}>
      {index > 0 && (
        <>
          _<wbr />
        </>
      )}
      {word}
    </Fragment>
  ))
}

/** Text with `code` between backticks. */
function Prose({ text }: { text: string }) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}
