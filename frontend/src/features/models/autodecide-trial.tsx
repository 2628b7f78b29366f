/** The choice carried out: one real message, every attempt with its timing, and the answer. */
import { Button, TextInput } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useState } from 'react'
import { useWhyNotChange } from '@/api/queries'
import { Allowed } from '@/ui/allowed'
import classes from './autodecide-trial.module.css'
import { GREETING, useAutodecideTest } from './queries'
import { Attempts } from './attempts'
import { TrialAnswer, TrialError } from './trial'

export function AutodecideTrial({ model }: { model: string }) {
  const [message, setMessage] = useState(GREETING)
  const test = useAutodecideTest()
  const whyNot = useWhyNotChange()
  const { data } = test
  return (
    <section className={classes.trial} aria-label="Try it">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (whyNot === null) test.mutate({ model, message: message.trim() })
        }}
      >
        <TextInput
          className={classes.message}
          aria-label="Message"
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
        />
        <Allowed whyNot={whyNot}>
          <Button
            type="submit"
            variant="default"
            disabled={message.trim() === ''}
            loading={test.isPending}
            leftSection={<IconSend size={15} aria-hidden />}
          >
            Try it
          </Button>
        </Allowed>
      </form>
      <p className={classes.note}>A real message to the first candidate that answers; it costs what it costs.</p>
      <div role="status">
        {test.error !== null && <TrialError error={test.error} />}
        {data && (
          <>
            <TrialAnswer
              answer={{
                success: data.success,
                text: data.response,
                error: data.error,
                latencyMs: data.latency_ms,
                usage: data.usage,
                route: data.provider === null ? null : `${data.provider}/${data.model ?? ''}`,
              }}
            />
            <Attempts attempts={data.attempts} />
          </>
        )}
      </div>
    </section>
  )
}
