/** Reloads the configuration and shows the outcome. */
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
                title: 'Configuration reloaded',
                message: `Generation ${generation} is active.`,
              })
            },
            onError: (error) => notifyFailed('Reload failed; nothing was changed', error),
          })
        }}
      >
        Reload configuration
      </Button>
    </Guarded>
  )
}
