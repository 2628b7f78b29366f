/** Reads the configuration again, and says what came of it. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconRefresh } from '@tabler/icons-react'
import { useWhyNotChange } from '@/api/queries'
import { Allowed } from '@/ui/allowed'
import { tellRefused } from '@/ui/notices'
import { useReload } from './queries'

export function ReloadButton() {
  const reload = useReload()
  const whyNot = useWhyNotChange()
  return (
    <Allowed whyNot={whyNot}>
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
            onError: (error) => tellRefused('Nothing was changed', error),
          })
        }}
      >
        Reload configuration
      </Button>
    </Allowed>
  )
}
