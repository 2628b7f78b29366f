/** Models: the catalogue by model or by provider, the details of one model, and autodecide explained. */
import { Stack } from '@mantine/core'
import { lazy } from 'react'
import { usePageUrl } from '@/lib/page-url'
import { MountOnceOpen } from '@/ui/mount-once-open'
import { PageHeader } from '@/ui/page-header'
import { CataloguePanel } from './catalogue-panel'
import { ExplainPanel } from './explain-panel'
import { useRefresh } from './queries'
import { RefreshButton, RefreshOutcome } from './refresh'

const ModelDrawer = lazy(() => import('./model-drawer'))

export function ModelsPage() {
  const [search, change] = usePageUrl('/models')
  const refresh = useRefresh()
  const explain = (name: string | undefined) => {
    change({ explain: name, model: undefined })
    if (name !== undefined) window.scrollTo({ top: 0, behavior: 'smooth' })
  }
  return (
    <>
      <PageHeader
        title="Models"
        description="The catalogue of all providers, with prices and routing."
        actions={<RefreshButton refresh={refresh} />}
      />
      <Stack gap="lg">
        <RefreshOutcome refresh={refresh} />
        <ExplainPanel model={search.explain} onExplain={explain} />
        <CataloguePanel search={search} onChange={change} onOpen={(model) => change({ model })} />
      </Stack>
      <MountOnceOpen isOpen={search.model !== undefined}>
        <ModelDrawer name={search.model} onClose={() => change({ model: undefined })} onExplain={explain} />
      </MountOnceOpen>
    </>
  )
}
