/** One real message to this provider and no other, and what came of it. */
import { Button, Textarea } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSend } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useWhyNotChange } from '@/api/queries'
import type { Schemas } from '@/api/client'
import { formatDuration } from '@/lib/format'
import { failureWords } from '@/lib/outcome-words'
import { Allowed } from '@/ui/allowed'
import { Fact, Facts } from '@/ui/facts'
import { Duration, KeyFingerprint, TokenCount } from '@/ui/figures'
import { ErrorState } from '@/ui/messages'
import { StatusBadge } from '@/ui/status-badge'
import { SuggestingInput } from '@/ui/suggesting-input'
import type { Provider } from './model'
import classes from './provider-test.module.css'
import { providerModelsQuery, useTest } from './queries'

const GREETING = 'Hello! Please answer with one short sentence.'

export function ProviderTest({ provider }: { provider: Provider }) {
  const whyNot = useWhyNotChange()
  const [message, setMessage] = useState(GREETING)
  const [model, setModel] = useState('')
  const [search] = useDebouncedValue(model, 200)
  const models = useQuery(providerModelsQuery(provider.name, search)).data?.items ?? []
  const test = useTest(provider.name)
  return (
    <div className={classes.test}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (message.trim() !== '' && whyNot === null) test.mutate({ message, ...(model !== '' && { model }) })
        }}
      >
        <Textarea
          label="Message"
          description="A real one: it costs what such a message costs. It goes to this provider and no other, also while it is off."
          autosize
          minRows={2}
          maxRows={8}
          value={message}
          dir="auto"
          onChange={(event) => setMessage(event.currentTarget.value)}
          readOnly={whyNot !== null}
        />
        <div className={classes.row}>
          <SuggestingInput
            className={classes.model}
            aria-label="Model"
            placeholder={provider.default_model ?? 'Name a model'}
            suggestions={[...new Set(models.map(({ name }) => name))]}
            areMatched
            value={model}
            onChange={setModel}
            readOnly={whyNot !== null}
          />
          <Allowed whyNot={whyNot}>
            <Button
              type="submit"
              leftSection={<IconSend size={15} aria-hidden />}
              loading={test.isPending}
              disabled={message.trim() === ''}
            >
              Send
            </Button>
          </Allowed>
        </div>
      </form>
      <div aria-live="polite">
        {test.isPending && <Waiting />}
        {test.isError && <ErrorState error={test.error} />}
        {test.isSuccess && <Result result={test.data} />}
      </div>
    </div>
  )
}

const TICK_MS = 100

/** Counts while nobody has answered. */
function Waiting() {
  const [startedMs] = useState(() => performance.now())
  const [passedMs, setPassedMs] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setPassedMs(performance.now() - startedMs), TICK_MS)
    return () => clearInterval(timer)
  }, [startedMs])
  return (
    <p className={classes.muted}>
      Waiting for an answer … <span aria-hidden>{formatDuration(passedMs)}</span>
    </p>
  )
}

function Result({ result }: { result: Schemas['TestResult'] }) {
  const { success, response, error, model, latency_ms, ttft_ms, usage, key, attempts } = result
  return (
    <section className={classes.result} aria-label="Result of the test">
      <StatusBadge meaning={success ? 'ok' : 'down'}>{success ? 'It works' : 'It failed'}</StatusBadge>
      {error !== null && (
        <p className={classes.error} dir="auto">
          {error}
        </p>
      )}
      {response !== null && response !== '' && (
        <blockquote className={classes.response} dir="auto">
          {response}
        </blockquote>
      )}
      <Facts>
        <Fact name="First token">
          <Duration ms={ttft_ms} />
        </Fact>
        <Fact name="Whole answer">
          <Duration ms={latency_ms} />
        </Fact>
        {usage !== null && (
          <Fact name="Tokens">
            <TokenCount count={usage.input_tokens} /> in, <TokenCount count={usage.output_tokens} /> out
          </Fact>
        )}
        <Fact name="Model">{model ?? 'none'}</Fact>
        {(success || key !== null) && (
          <Fact name="Key">
            <KeyFingerprint fingerprint={key} />
          </Fact>
        )}
        {(attempts.length > 1 || (!success && attempts.length > 0)) && (
          <Fact name="Attempts">
            {attempts.map((attempt, index) => (
              <div key={index} className={classes.attempt}>
                <KeyFingerprint fingerprint={attempt.key} />
                <span>{attempt.failure === null ? 'answered' : failureWords(attempt.failure).name}</span>
                <span className={classes.muted}>
                  {attempt.status !== null && `${attempt.status}, `}
                  {formatDuration(attempt.duration_ms)}
                </span>
              </div>
            ))}
          </Fact>
        )}
      </Facts>
    </section>
  )
}
