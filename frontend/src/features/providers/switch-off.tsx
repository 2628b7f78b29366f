/** The switch of the last provider in rotation, which asks before it goes off. */
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
  const [isAsking, { open, close }] = useDisclosure(false)
  return (
    <>
      <Guarded reason={readOnly}>
        <Switch label="Switched on" checked onChange={open} />
      </Guarded>
      <ConfirmDialog
        isOpen={isAsking}
        question={`Switch off ${provider.display_name}, the last one in rotation?`}
        consequence="Nobody else can answer: every request will fail until it is switched on again."
        confirmLabel="Switch it off"
        isDangerous
        onConfirm={onConfirm}
        onClose={close}
      />
    </>
  )
}
