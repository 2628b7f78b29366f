/** Notifications about an action: done, with an undo button, or failed, with the reason. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconArrowBackUp } from '@tabler/icons-react'
import { errorSentence } from '@/lib/error-words'
import classes from './notify.module.css'

const UNDO_MS = 12_000
let count = 0

interface Done {
  /** The new state: "Groq is off". */
  title: string
  message?: string
  /** Without it there is no undo button. */
  onUndo?: (() => void) | undefined
}

export function notifyDone({ title, message, onUndo }: Done): void {
  count += 1
  const id = `done-${count}`
  notifications.show({
    id,
    title,
    ...(onUndo && { autoClose: UNDO_MS }),
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

/** `title` is the unchanged state: "Groq is still on". It stays until it is closed. */
export function notifyFailed(title: string, error: unknown): void {
  notifications.show({
    color: 'red',
    title,
    message: <span dir="auto">{errorSentence(error)}</span>,
    autoClose: false,
  })
}
