/** The switch of the last provider in rotation: switching off has to be confirmed. */
import { Switch } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Guarded } from '@/ui/guarded'
import { ConfirmDialog } from '@/ui/confirm-button'
import type { Provider } from './model'

interface SwitchOffProps {
  provider: Provider
  readOnly: string | null
  onConfirm: () => void
}

export function SwitchOff({ provider, readOnly, onConfirm }: SwitchOffProps) {
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Guarded reason={readOnly}>
        <Switch label="Switched on" checked onChange={open} />
      </Guarded>
      <ConfirmDialog
        isOpen={isOpen}
        question={`Switch off ${provider.display_name}, the last provider in rotation?`}
        consequence="No other provider is available: every request fails until it is switched on again."
        confirmLabel="Switch off"
        isDangerous
        onConfirm={onConfirm}
        onClose={close}
      />
    </>
  )
}
