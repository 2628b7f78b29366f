/** Takes the figures away, as they are filtered now. */
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload } from '@tabler/icons-react'
import { useExport } from './queries'
import type { Asked } from './search'

export function ExportMenu({ asked, isDisabled }: { asked: Asked; isDisabled: boolean }) {
  const download = useExport(asked)
  const start = (format: 'csv' | 'json') => {
    download.mutate(format, {
      onSuccess: ({ name }) => {
        notifications.show({ title: 'Exported', message: name })
      },
      onError: (error) => {
        notifications.show({ color: 'red', title: 'Nothing was exported', message: error.message, autoClose: false })
      },
    })
  }
  return (
    <Menu position="bottom-end" shadow="md" hideDetached={false}>
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={download.isPending}
          disabled={isDisabled}
        >
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          onClick={() => {
            start('csv')
          }}
        >
          CSV, for spreadsheets
        </Menu.Item>
        <Menu.Item
          onClick={() => {
            start('json')
          }}
        >
          JSON, for programs
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
