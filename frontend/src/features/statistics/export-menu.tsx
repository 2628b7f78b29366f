/** Downloads the figures with the current filters. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload } from '@tabler/icons-react'
import { notifyFailed } from '@/ui/notify'
import { Popover } from '@/ui/popover'
import classes from './export-menu.module.css'
import { useExport } from './queries'
import type { StatisticsFilters } from './search'

const FORMATS = [
  { format: 'csv', label: 'CSV, for spreadsheets' },
  { format: 'json', label: 'JSON, for programs' },
] as const

export function ExportMenu({ filters, isDisabled }: { filters: StatisticsFilters; isDisabled: boolean }) {
  const download = useExport(filters)
  const start = (format: 'csv' | 'json') => {
    download.mutate(format, {
      onSuccess: ({ name }) => {
        notifications.show({ title: 'Exported', message: name })
      },
      onError: (error) => notifyFailed('Export failed', error),
    })
  }
  return (
    <Popover
      side="bottom-end"
      button={
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={download.isPending}
          disabled={isDisabled}
        >
          Export
        </Button>
      }
    >
      {(close) => (
        <div className={classes.formats}>
          {FORMATS.map(({ format, label }) => (
            <Button
              key={format}
              variant="subtle"
              color="gray"
              size="compact-sm"
              justify="start"
              onClick={() => {
                close()
                start(format)
              }}
            >
              {label}
            </Button>
          ))}
        </div>
      )}
    </Popover>
  )
}
