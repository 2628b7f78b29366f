/** A test request to this provider alone. */
import { Button, Textarea } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSend } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { TEST_MESSAGE, useProviderTest, useReadOnlyReason } from '@/api/queries'
import { Guarded } from '@/ui/guarded'
import { AutocompleteInput } from '@/ui/autocomplete-input'
import { TestResult } from '@/ui/test-result'
import type { Provider } from './model'
import classes from './provider-test.module.css'
import { providerModelsQuery } from './queries'

export function ProviderTest({ provider }: { provider: Provider }) {
  const readOnly = useReadOnlyReason()
  const [message, setMessage] = useState(TEST_MESSAGE)
  const [model, setModel] = useState('')
  const [search] = useDebouncedValue(model, 200)
  const models = useQuery(providerModelsQuery(provider.name, search)).data?.items ?? []
  const test = useProviderTest(provider.name)
  return (
    <div className={classes.test}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (message.trim() !== '' && readOnly === null) test.mutate({ message, ...(model !== '' && { model }) })
        }}
      >
        <Textarea
          label="Message"
          description="Sends a billed request to this provider alone, even while it is off."
          autosize
          minRows={2}
          maxRows={8}
          value={message}
          dir="auto"
          onChange={(event) => setMessage(event.currentTarget.value)}
          readOnly={readOnly !== null}
        />
        <div className={classes.row}>
          <AutocompleteInput
            className={classes.model}
            aria-label="Model"
            placeholder={provider.default_model ?? 'Model name'}
            suggestions={[...new Set(models.map(({ name }) => name))]}
            isFiltered
            value={model}
            onChange={setModel}
            readOnly={readOnly !== null}
          />
          <Guarded reason={readOnly}>
            <Button
              type="submit"
              leftSection={<IconSend size={15} aria-hidden />}
              loading={test.isPending}
              disabled={message.trim() === ''}
            >
              Send
            </Button>
          </Guarded>
        </div>
      </form>
      <TestResult test={test} />
    </div>
  )
}
