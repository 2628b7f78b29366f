/** A model from the list, or any other name: the gateway may know more than it lists. */
import { Autocomplete } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import classes from './model-picker.module.css'
import { modelNamesQuery } from './queries'
import { DEFAULT_MODEL } from './search'

interface ModelPickerProps {
  model: string | undefined
  onChange: (model: string | undefined) => void
}

const MOST_SHOWN = 60

export function ModelPicker({ model, onChange }: ModelPickerProps) {
  const { data: models, error } = useQuery(modelNamesQuery)
  const [text, setText] = useState(model ?? DEFAULT_MODEL)
  const [isSearching, setIsSearching] = useState(false)
  const [seen, setSeen] = useState(model)
  // Another URL (a link, "back") brings its own model.
  if (seen !== model) {
    setSeen(model)
    if ((model ?? DEFAULT_MODEL) !== text.trim()) setText(model ?? DEFAULT_MODEL)
  }
  const providers = useMemo(() => new Map(models?.map(({ name, providers: of }) => [name, of])), [models])
  const names = useMemo(
    () => [DEFAULT_MODEL, ...[...providers.keys()].filter((name) => name !== DEFAULT_MODEL)],
    [providers],
  )
  const choose = (name: string) => {
    setText(name)
    const chosen = name.trim()
    onChange(chosen === '' || chosen === DEFAULT_MODEL ? undefined : chosen)
  }
  return (
    <Autocomplete
      label="Model"
      description={error === null ? undefined : 'The list of models cannot be had now; any name may be typed.'}
      data={names}
      limit={MOST_SHOWN}
      maxLength={500}
      value={text}
      // Until something is typed, all are offered, not only those like the chosen one.
      filter={isSearching ? undefined : ({ options, limit }) => options.slice(0, limit)}
      onFocus={(event) => {
        setIsSearching(false)
        event.currentTarget.select()
      }}
      onInput={() => {
        setIsSearching(true)
      }}
      onChange={choose}
      onBlur={() => {
        if (text.trim() === '') setText(DEFAULT_MODEL)
      }}
      renderOption={({ option }) => (
        <span className={classes.option}>
          <span dir="auto">{option.value}</span>
          <span className={classes.providers}>
            {option.value === DEFAULT_MODEL ? 'the engine picks' : providers.get(option.value)}
          </span>
        </span>
      )}
      maxDropdownHeight={320}
    />
  )
}
