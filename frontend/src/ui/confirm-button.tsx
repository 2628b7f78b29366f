/** A button whose action has to be confirmed in a dialog that says what it does. */
import { Button, type ButtonProps, Group, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { Guarded } from './guarded'

interface ConfirmButtonProps extends Pick<ButtonProps, 'variant' | 'size' | 'leftSection' | 'disabled' | 'loading'> {
  /** The question, such as "Roll the key of Groq?". */
  question: string
  /** What the action does, and how to undo it. */
  consequence: ReactNode
  /** The label of the confirm button: the verb itself, never "OK". */
  confirmLabel: string
  isDangerous?: boolean
  onConfirm: () => void
  /** Why it is disabled; `null` if it is not. */
  disabledReason?: string | null
  children: ReactNode
}

export function ConfirmButton(props: ConfirmButtonProps) {
  const {
    question,
    consequence,
    confirmLabel,
    isDangerous = false,
    onConfirm,
    disabledReason = null,
    children,
    ...button
  } = props
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Guarded reason={disabledReason}>
        <Button variant="default" {...button} onClick={open}>
          {children}
        </Button>
      </Guarded>
      <ConfirmDialog
        isOpen={isOpen}
        question={question}
        consequence={consequence}
        confirmLabel={confirmLabel}
        isDangerous={isDangerous}
        onConfirm={onConfirm}
        onClose={close}
      />
    </>
  )
}

interface ConfirmDialogProps extends Pick<
  ConfirmButtonProps,
  'question' | 'consequence' | 'confirmLabel' | 'isDangerous' | 'onConfirm'
> {
  isOpen: boolean
  onClose: () => void
}

/** On Escape Mantine closes every open dialog at once, also the drawer below; elements with this handle Escape themselves. */
const HANDLES_ESCAPE = { 'data-mantine-stop-propagation': 'true' }

/** The dialog alone, for a switch or a menu. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, question, consequence, confirmLabel, isDangerous = false, onConfirm, onClose } = props
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={question}
      withCloseButton={false}
      size="sm"
      closeOnEscape={false}
      attributes={{ header: { role: 'presentation' }, content: HANDLES_ESCAPE }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose()
      }}
    >
      <div>{consequence}</div>
      <Group justify="flex-end" gap="xs" mt="lg">
        <Button variant="default" onClick={onClose} {...HANDLES_ESCAPE}>
          Cancel
        </Button>
        <Button
          data-autofocus
          color={isDangerous ? 'red.8' : undefined}
          onClick={() => {
            onClose()
            onConfirm()
          }}
          {...HANDLES_ESCAPE}
        >
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  )
}
