/** What came of an action, at the edge of the page: that it is done, with a way back, or why it was refused. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconArrowBackUp } from '@tabler/icons-react'
import { errorSentence } from '@/lib/error-words'
import classes from './notices.module.css'

const TIME_TO_UNDO_MS = 12_000
let told = 0

interface Done {
  /** What is true now: "Groq is off". */
  title: string
  message?: string
  /** Takes it back; without it there is no way. */
  onUndo?: (() => void) | undefined
}

export function tellDone({ title, message, onUndo }: Done): void {
  told += 1
  const id = `done-${told}`
  notifications.show({
    id,
    title,
    ...(onUndo && { autoClose: TIME_TO_UNDO_MS }),
    message: (
      <div className={classes.message}>
        {message !== undefined && <span dir="auto">{message}</span>}
        {onUndo && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconArrowBackUp size={13} aria-hidden />}
            onClick={() => {
              notifications.hide(id)
              onUndo()
            }}
          >
            Undo
          </Button>
        )}
      </div>
    ),
  })
}

/** `title` says that all is as it was: "Groq is still on". It stays until it has been read. */
export function tellRefused(title: string, error: unknown): void {
  notifications.show({
    color: 'red',
    title,
    message: <span dir="auto">{errorSentence(error)}</span>,
    autoClose: false,
  })
}
