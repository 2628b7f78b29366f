/** The switch of the last provider in rotation, which asks before it goes off. */
import { Switch } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Allowed } from '@/ui/allowed'
import { ConfirmDialog } from '@/ui/confirm-button'
import type { Provider } from './model'

interface SwitchOffProps {
  provider: Provider
  whyNot: string | null
  onConfirm: () => void
}

export function SwitchOff({ provider, whyNot, onConfirm }: SwitchOffProps) {
  const [isAsking, { open, close }] = useDisclosure(false)
  return (
    <>
      <Allowed whyNot={whyNot}>
        <Switch label="Switched on" checked onChange={open} />
      </Allowed>
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
