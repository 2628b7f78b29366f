/** Settings: the active configuration, and the button that reloads it. */
import { Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '@/api/queries'
import { Loaded } from '@/ui/loaded'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { TableSkeleton } from '@/ui/skeletons'
import { FilePanel } from './file-panel'
import { ProviderVariablesPanel } from './provider-variables-panel'
import { configurationQuery } from './queries'
import { ReloadButton } from './reload-button'
import { SettingsTable } from './settings-table'
import { StatusTiles } from './status-tiles'

export function SettingsPage() {
  const status = useQuery(statusQuery)
  const configuration = useQuery({ ...configurationQuery(status.data?.generation), enabled: status.data !== undefined })
  return (
    <>
      <PageHeader
        title="Settings"
        description="The active configuration: environment, .env and ai-engine.yaml. Secrets are hidden."
        actions={<ReloadButton />}
      />
      <Loaded query={status} skeleton={<SettingsSkeleton />}>
        {(known) => (
          <Stack gap="lg">
            <StatusTiles status={known} workers={configuration.data?.workers} />
            <Loaded query={configuration} skeleton={<PanelsSkeleton />}>
              {({ settings, variables, ...file }) => (
                <Stack gap="lg">
                  <SettingsTable settings={settings} />
                  <ProviderVariablesPanel variables={variables} />
                  <FilePanel file={file} />
                </Stack>
              )}
            </Loaded>
          </Stack>
        )}
      </Loaded>
    </>
  )
}

function SettingsSkeleton() {
  return (
    <Stack gap="lg">
      <Skeleton height={98} radius="lg" />
      <PanelsSkeleton />
    </Stack>
  )
}

function PanelsSkeleton() {
  return (
    <Panel title="Variables" isFlush>
      <TableSkeleton rows={14} />
    </Panel>
  )
}
