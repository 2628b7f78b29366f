/** A button for what matters: it says what will happen and asks once before it does. */
import { Button, type ButtonProps, Group, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { Allowed } from './allowed'

interface ConfirmButtonProps extends Pick<ButtonProps, 'variant' | 'size' | 'leftSection' | 'disabled' | 'loading'> {
  /** The question, such as "Roll the key of Groq?". */
  question: string
  /** What will happen, and how to undo it. */
  consequence: ReactNode
  /** What the confirming button says: the verb itself, never "OK". */
  confirmLabel: string
  isDangerous?: boolean
  onConfirm: () => void
  /** Why it may not be used, if it may not. */
  whyNot?: string | null
  children: ReactNode
}

export function ConfirmButton(props: ConfirmButtonProps) {
  const {
    question,
    consequence,
    confirmLabel,
    isDangerous = false,
    onConfirm,
    whyNot = null,
    children,
    ...button
  } = props
  const [isAsking, { open, close }] = useDisclosure(false)
  return (
    <>
      <Allowed whyNot={whyNot}>
        <Button variant="default" {...button} onClick={open}>
          {children}
        </Button>
      </Allowed>
      <ConfirmDialog
        isOpen={isAsking}
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

/** Mantine closes all that is open at once on Escape, a drawer underneath first; what has this answers for itself. */
const ANSWERS_ESCAPE = { 'data-mantine-stop-propagation': 'true' }

/** The question alone, for a switch or a menu that asks it. */
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
      attributes={{ header: { role: 'presentation' }, content: ANSWERS_ESCAPE }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose()
      }}
    >
      <div>{consequence}</div>
      <Group justify="flex-end" gap="xs" mt="lg">
        <Button variant="default" onClick={onClose} {...ANSWERS_ESCAPE}>
          Cancel
        </Button>
        <Button
          data-autofocus
          color={isDangerous ? 'red.8' : undefined}
          onClick={() => {
            onClose()
            onConfirm()
          }}
          {...ANSWERS_ESCAPE}
        >
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  )
}
