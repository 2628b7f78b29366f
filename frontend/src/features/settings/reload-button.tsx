/** Reads the configuration again, and says what came of it. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconRefresh } from '@tabler/icons-react'
import { useReadOnlyReason } from '@/api/queries'
import { Guarded } from '@/ui/guarded'
import { notifyFailed } from '@/ui/notify'
import { useReload } from './queries'

export function ReloadButton() {
  const reload = useReload()
  const readOnly = useReadOnlyReason()
  return (
    <Guarded reason={readOnly}>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={reload.isPending}
        onClick={() => {
          reload.mutate(undefined, {
            onSuccess: ({ generation }) => {
              notifications.show({
                title: 'Configuration read again',
                message: `Generation ${generation} is in force.`,
              })
            },
            onError: (error) => notifyFailed('Nothing was changed', error),
          })
        }}
      >
        Reload configuration
      </Button>
    </Guarded>
  )
}
