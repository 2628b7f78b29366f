/** The default model and the priority; they override the configuration. */
import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Guarded } from '@/ui/guarded'
import { NumberField } from '@/ui/number-field'
import { AutocompleteInput } from '@/ui/autocomplete-input'
import type { Provider } from './model'
import classes from './preferences-form.module.css'
import { providerModelsQuery, useProviderAction } from './queries'
import { preferencesAction } from './actions'

const HIGHEST_PRIORITY = 1_000_000

/** Mounted again when the provider's preferences change. */
export function PreferencesForm({ provider, readOnly }: { provider: Provider; readOnly: string | null }) {
  const [model, setModel] = useState(provider.default_model ?? '')
  const [priority, setPriority] = useState<number | undefined>(provider.priority)
  const [search] = useDebouncedValue(model === provider.default_model ? '' : model, 200)
  const models = useQuery(providerModelsQuery(provider.name, search)).data?.items ?? []
  const action = useProviderAction()
  const changes = {
    ...(model !== (provider.default_model ?? '') && model !== '' && { default_model: model }),
    ...(priority !== undefined && priority !== provider.priority && { priority }),
  }
  const isUnchanged = Object.keys(changes).length === 0
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isUnchanged && readOnly === null) action.mutate(preferencesAction(provider, changes))
      }}
    >
      <AutocompleteInput
        label="Default model"
        description="For tests and for auto."
        suggestions={[...new Set(models.map(({ name }) => name))]}
        isFiltered
        value={model}
        onChange={setModel}
        readOnly={readOnly !== null}
      />
      <NumberField
        label="Priority"
        description="Lower comes first."
        min={0}
        max={HIGHEST_PRIORITY}
        isWhole
        value={priority}
        onChange={setPriority}
        readOnly={readOnly !== null}
      />
      <div className={classes.buttons}>
        <Guarded reason={readOnly}>
          <Button type="submit" size="xs" disabled={isUnchanged} loading={action.isPending}>
            Save
          </Button>
        </Guarded>
        <Guarded reason={readOnly}>
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            disabled={action.isPending}
            onClick={() => action.mutate(preferencesAction(provider, { default_model: null, priority: null }))}
          >
            Reset to configuration
          </Button>
        </Guarded>
      </div>
    </form>
  )
}
