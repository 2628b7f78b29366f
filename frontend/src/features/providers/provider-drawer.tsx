/** The details of one provider. */
import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { providersQuery } from '@/api/queries'
import { usePageUrl } from '@/lib/page-url'
import { DetailDrawer } from '@/ui/detail-drawer'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { ProviderMark } from '@/ui/provider-mark'
import { FactsSkeleton } from '@/ui/skeletons'
import { isLastAvailable, type Provider } from './model'
import classes from './provider-drawer.module.css'
import { ProviderHistory } from './provider-history'
import { ProviderModels } from './provider-models'
import { ProviderOverview } from './provider-overview'
import { ProviderTest } from './provider-test'
import { type View, VIEWS } from './search'

const NAMES: Record<View, string> = { overview: 'Overview', test: 'Test', models: 'Models', history: 'History' }

export default function ProviderDrawer({ name, onClose }: { name: string | undefined; onClose: () => void }) {
  const query = useQuery(providersQuery)
  const provider = query.data?.find((one) => one.name === name)
  return (
    <DetailDrawer
      isOpen={name !== undefined}
      onClose={onClose}
      width={720}
      hasTabs
      title={
        <span className={classes.heading}>
          {name !== undefined && <ProviderMark name={name} />}
          <span dir="auto">{provider?.display_name ?? name}</span>
        </span>
      }
    >
      {name !== undefined && (
        <Loaded query={query} skeleton={<FactsSkeleton facts={7} />}>
          {(providers) =>
            provider === undefined ? (
              <EmptyState title="No provider has this name">
                It may have been removed from the configuration.
              </EmptyState>
            ) : (
              <Opened key={name} provider={provider} providers={providers} />
            )
          }
        </Loaded>
      )}
    </DetailDrawer>
  )
}

function Opened({ provider, providers }: { provider: Provider; providers: Provider[] }) {
  const [{ view: opened = 'overview' }, change] = usePageUrl('/providers')
  return (
    <Tabs
      value={opened}
      onChange={(value) => {
        const view = VIEWS.find((one) => one === value)
        change({ view: view === 'overview' ? undefined : view }, false)
      }}
      keepMounted={false}
    >
      <Tabs.List mb="lg">
        {VIEWS.map((view) => (
          <Tabs.Tab key={view} value={view}>
            {NAMES[view]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="overview">
        <ProviderOverview provider={provider} isLast={isLastAvailable(provider, providers)} />
      </Tabs.Panel>
      <Tabs.Panel value="test">
        <ProviderTest provider={provider} />
      </Tabs.Panel>
      <Tabs.Panel value="models">
        <ProviderModels provider={provider} />
      </Tabs.Panel>
      <Tabs.Panel value="history">
        <ProviderHistory provider={provider} />
      </Tabs.Panel>
    </Tabs>
  )
}
