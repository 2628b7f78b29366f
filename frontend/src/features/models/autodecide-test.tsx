/** A real message by autodecide: every attempt with its timing, and the response. */
import { Button, TextInput } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useState } from 'react'
import { TEST_MESSAGE, useReadOnlyReason } from '@/api/queries'
import { Guarded } from '@/ui/guarded'
import { TestResult } from '@/ui/test-result'
import classes from './autodecide-test.module.css'
import { useAutodecideTest } from './queries'

export function AutodecideTest({ model }: { model: string }) {
  const [message, setMessage] = useState(TEST_MESSAGE)
  const test = useAutodecideTest()
  const readOnly = useReadOnlyReason()
  return (
    <section className={classes.test} aria-label="Test">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (readOnly === null) test.mutate({ model, message: message.trim() })
        }}
      >
        <TextInput
          className={classes.message}
          aria-label="Message"
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
        />
        <Guarded reason={readOnly}>
          <Button
            type="submit"
            variant="default"
            disabled={message.trim() === ''}
            loading={test.isPending}
            leftSection={<IconSend size={15} aria-hidden />}
          >
            Send test message
          </Button>
        </Guarded>
      </form>
      <p className={classes.note}>Sends a billed request; the candidates are tried in this order.</p>
      <TestResult test={test} />
    </section>
  )
}
