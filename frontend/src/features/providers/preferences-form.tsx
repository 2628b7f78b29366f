/** The default model and the priority, which an operator may set over the configuration's. */
import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Guarded } from '@/ui/guarded'
import { NumberField } from '@/ui/number-field'
import { AutocompleteInput } from '@/ui/autocomplete-input'
import type { Provider } from './model'
import classes from './preferences-form.module.css'
import { providerModelsQuery, useSteering } from './queries'
import { preferring } from './steering'

const HIGHEST_PRIORITY = 1_000_000

/** Made anew where the provider's preferences change, so that it never shows what is no longer true. */
export function PreferencesForm({ provider, readOnly }: { provider: Provider; readOnly: string | null }) {
  const [model, setModel] = useState(provider.default_model ?? '')
  const [priority, setPriority] = useState<number | undefined>(provider.priority)
  const [search] = useDebouncedValue(model === provider.default_model ? '' : model, 200)
  const models = useQuery(providerModelsQuery(provider.name, search)).data?.items ?? []
  const steer = useSteering()
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
        if (!isUnchanged && readOnly === null) steer.mutate(preferring(provider, changes))
      }}
    >
      <AutocompleteInput
        label="Default model"
        description="For a test, and for auto."
        suggestions={[...new Set(models.map(({ name }) => name))]}
        isFiltered
        value={model}
        onChange={setModel}
        readOnly={readOnly !== null}
      />
      <NumberField
        label="Priority"
        description="Lower is preferred."
        min={0}
        max={HIGHEST_PRIORITY}
        isWhole
        value={priority}
        onChange={setPriority}
        readOnly={readOnly !== null}
      />
      <div className={classes.buttons}>
        <Guarded reason={readOnly}>
          <Button type="submit" size="xs" disabled={isUnchanged} loading={steer.isPending}>
            Save
          </Button>
        </Guarded>
        <Guarded reason={readOnly}>
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            disabled={steer.isPending}
            onClick={() => steer.mutate(preferring(provider, { default_model: null, priority: null }))}
          >
            As configured
          </Button>
        </Guarded>
      </div>
    </form>
  )
}
