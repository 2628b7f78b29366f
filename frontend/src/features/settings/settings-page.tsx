/** Settings: the configuration in use, and the button that reads it again. */
import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '@/api/queries'
import { FactsSkeleton } from '@/ui/skeletons'
import { Loaded } from '@/ui/loaded'
import { PageHeader } from '@/ui/page-header'
import { Panel } from '@/ui/panel'
import { ConfigurationPanels } from './configuration-panels'
import { ReloadButton } from './reload-button'

export function SettingsPage() {
  return (
    <>
      <PageHeader
        title="Settings"
        description="What this gateway runs with. It comes from the environment, .env and ai-engine.yaml; no secret is shown here."
        actions={<ReloadButton />}
      />
      <Loaded query={useQuery(statusQuery)} skeleton={<SettingsSkeleton />}>
        {(status) => <ConfigurationPanels status={status} />}
      </Loaded>
    </>
  )
}

function SettingsSkeleton() {
  return (
    <Stack gap="lg">
      <Panel title="In use">
        <FactsSkeleton facts={4} />
      </Panel>
      <Panel title="Requests">
        <FactsSkeleton facts={3} />
      </Panel>
      <Panel title="Access">
        <FactsSkeleton facts={3} />
      </Panel>
    </Stack>
  )
}
