/** Models: the catalogue by model or by provider, one model opened beside it, and autodecide explained. */
import { Stack } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { PageHeader } from '@/ui/page-header'
import { CataloguePanel } from './catalogue-panel'
import { ExplainPanel } from './explain-panel'
import { RefreshButton, RefreshOutcome } from './refresh'
import { useRefresh } from './queries'
import { useModelsUrl } from './use-models-url'

const ModelDrawer = lazy(() => import('./model-drawer').then(({ ModelDrawer: Drawer }) => ({ default: Drawer })))

export function ModelsPage() {
  const { search, filters, change, go } = useModelsUrl()
  const refresh = useRefresh()
  const wasOpened = useEver(search.model !== undefined)
  const explain = (name: string | undefined) => {
    go({ explain: name, model: undefined })
    if (name !== undefined) window.scrollTo({ top: 0, behavior: 'smooth' })
  }
  return (
    <>
      <PageHeader
        title="Models"
        description="What the providers serve, at which price, and whom the engine would ask."
        actions={<RefreshButton refresh={refresh} />}
      />
      <Stack gap="lg">
        <RefreshOutcome refresh={refresh} />
        <ExplainPanel asked={search.explain} onExplain={explain} />
        <CataloguePanel search={search} filters={filters} onChange={change} onOpen={(model) => go({ model })} />
      </Stack>
      {wasOpened && (
        <Suspense>
          <ModelDrawer name={search.model} onClose={() => go({ model: undefined })} onExplain={explain} />
        </Suspense>
      )}
    </>
  )
}

/** What was there once stays, so that it can be seen to go. */
function useEver(isNow: boolean): boolean {
  const [was, setWas] = useState(isNow)
  if (isNow && !was) setWas(true)
  return was || isNow
}
