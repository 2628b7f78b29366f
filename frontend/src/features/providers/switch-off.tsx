/** The switch of the last provider in rotation, which asks before it goes off. */
import { Button, Group, Modal, Switch } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Allowed } from '@/ui/allowed'
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
      <Modal
        opened={isAsking}
        onClose={close}
        title={`Switch off ${provider.display_name}, the last one in rotation?`}
        withCloseButton={false}
        size="sm"
      >
        Nobody else can answer: every request will fail until it is switched on again.
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            data-autofocus
            color="red.8"
            onClick={() => {
              close()
              onConfirm()
            }}
          >
            Switch it off
          </Button>
        </Group>
      </Modal>
    </>
  )
}
