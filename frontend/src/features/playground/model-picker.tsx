/** A model from the list, or any other name. */
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { AutocompleteInput } from '@/ui/autocomplete-input'
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
  const [seen, setSeen] = useState(model)
  // A link or "back" sets another model.
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
    <AutocompleteInput
      label="Model"
      description={error === null ? undefined : 'The model list is not available; enter any name.'}
      suggestions={names}
      limit={MOST_SHOWN}
      maxLength={500}
      value={text}
      isSelectedOnFocus
      onChange={choose}
      onBlur={() => {
        if (text.trim() === '') setText(DEFAULT_MODEL)
      }}
      hintOf={(name) => (name === DEFAULT_MODEL ? 'chosen by the gateway' : providers.get(name))}
    />
  )
}
