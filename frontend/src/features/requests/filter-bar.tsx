/** The filters of the list. Each is in the URL as soon as it is chosen. */
import { Autocomplete, Button, CloseButton, Collapse, Select } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconFilter } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { FinishedRequest } from '@/api/live-state'
import { providersQuery } from '@/api/queries'
import classes from './filter-bar.module.css'
import { endingChoices, failureChoices, noFilters, seenClients, seenModels, statusChoices } from './filter-choices'
import { hasFilters } from './model'
import { PeriodFilter } from './period-filter'
import type { RequestFilters } from './search'

interface FilterBarProps {
  filters: RequestFilters
  rows: FinishedRequest[]
  onChange: (changed: RequestFilters) => void
}

export function FilterBar({ filters, rows, onChange }: FilterBarProps) {
  const isNarrow = useMediaQuery('(max-width: 700px)', false)
  const [isOpen, { toggle }] = useDisclosure(false)
  const count = Object.values<unknown>(filters).filter((value) => value !== undefined).length
  if (!isNarrow)
    return (
      <div className={classes.bar}>
        <Filters filters={filters} rows={rows} onChange={onChange} />
      </div>
    )
  return (
    <div className={classes.narrow}>
      <Button
        variant="default"
        leftSection={<IconFilter size={16} aria-hidden />}
        aria-expanded={isOpen}
        onClick={toggle}
        fullWidth
      >
        {count === 0 ? 'Filters' : `Filters (${count})`}
      </Button>
      <Collapse expanded={isOpen}>
        <div className={classes.bar}>
          <Filters filters={filters} rows={rows} onChange={onChange} />
        </div>
      </Collapse>
    </div>
  )
}

function Filters({ filters, rows, onChange }: FilterBarProps) {
  const { data: providers = [] } = useQuery(providersQuery)
  const names = useMemo(() => {
    const known = providers
      .filter(({ status }) => status !== 'no_key')
      .map(({ name, display_name }) => ({ value: name, label: display_name }))
    const { provider } = filters
    return provider === undefined || known.some(({ value }) => value === provider)
      ? known
      : [...known, { value: provider, label: provider }]
  }, [providers, filters])
  const clients = useMemo(() => seenClients(rows, filters.client), [rows, filters.client])
  return (
    <>
      <Choice
        label="Provider"
        choices={names}
        value={filters.provider}
        onChange={(provider) => {
          onChange({ provider })
        }}
      />
      <ModelFilter key={filters.model} filters={filters} rows={rows} onChange={onChange} />
      <Choice
        label="Ending"
        choices={endingChoices}
        value={filters.ending}
        onChange={(ending) => {
          onChange({ ending: ending as RequestFilters['ending'] })
        }}
      />
      <Choice
        label="Failure"
        choices={failureChoices}
        value={filters.failure}
        onChange={(failure) => {
          onChange({ failure })
        }}
      />
      <Choice
        label="Status"
        choices={statusChoices}
        value={filters.status}
        onChange={(status) => {
          onChange({ status: status as RequestFilters['status'] })
        }}
      />
      {clients.length > 0 && (
        <Choice
          label="Client"
          choices={clients}
          value={filters.client}
          onChange={(client) => {
            onChange({ client })
          }}
        />
      )}
      <PeriodFilter filters={filters} onChange={onChange} />
      {hasFilters(filters) && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            onChange(noFilters)
          }}
        >
          Clear
        </Button>
      )}
    </>
  )
}

interface ChoiceProps {
  label: string
  choices: { value: string; label: string }[]
  value: string | undefined
  onChange: (value: string | undefined) => void
}

function Choice({ label, choices, value, onChange }: ChoiceProps) {
  return (
    <Select
      className={classes.choice}
      data-chosen={value !== undefined || undefined}
      aria-label={label}
      placeholder={label}
      data={choices}
      value={value ?? null}
      onChange={(chosen) => {
        onChange(chosen ?? undefined)
      }}
      searchable={choices.length > 8}
      clearable
      nothingFoundMessage="None by that name"
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
    />
  )
}

/** Any name may be typed: the ledger knows more models than the rows in sight. */
function ModelFilter({ filters, rows, onChange }: FilterBarProps) {
  const [text, setText] = useState(filters.model ?? '')
  const models = useMemo(() => seenModels(rows), [rows])
  const choose = (model: string) => {
    if (model !== (filters.model ?? '')) onChange({ model: model === '' ? undefined : model })
  }
  return (
    <Autocomplete
      className={classes.model}
      aria-label="Model, by its provider’s own name"
      placeholder="Model"
      data={models}
      limit={50}
      maxLength={500}
      value={text}
      onChange={setText}
      onOptionSubmit={choose}
      onBlur={() => {
        choose(text.trim())
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') choose(text.trim())
      }}
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
      rightSection={
        text === '' ? undefined : (
          <CloseButton
            size="sm"
            aria-label="Any model"
            onClick={() => {
              setText('')
              choose('')
            }}
          />
        )
      }
    />
  )
}
