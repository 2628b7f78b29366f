/** Copies a text and confirms it, also to screen readers. */
import { ActionIcon, Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { Tooltip } from './tooltip'

interface CopyButtonProps {
  text: string
  /** What is copied: "request id" for "Copy request id". */
  what: string
  /** With a text beside the icon. */
  isLabelled?: boolean
}

export function CopyButton({ text, what, isLabelled = false }: CopyButtonProps) {
  const { copy, copied, error } = useClipboard({ timeout: 1_600 })
  const label = error !== null ? 'Copying is not allowed' : copied ? 'Copied' : `Copy ${what}`
  const Icon = copied ? IconCheck : IconCopy
  const copyText = () => copy(text)
  if (isLabelled)
    return (
      <Button variant="default" size="xs" leftSection={<Icon size={14} aria-hidden />} onClick={copyText}>
        <span aria-live="polite">{label}</span>
      </Button>
    )
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={copyText}>
        <Icon size={14} stroke={1.7} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}
