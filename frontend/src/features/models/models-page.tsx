/** Models: the catalogue by model or by provider, one model opened beside it, and autodecide explained. */
import { Stack } from '@mantine/core'
import { PageHeader } from '@/ui/page-header'
import { CataloguePanel } from './catalogue-panel'
import { ExplainPanel } from './explain-panel'
import { ModelDrawer } from './model-drawer'
import { RefreshButton, RefreshOutcome } from './refresh'
import { useRefresh } from './queries'
import { useModelsUrl } from './use-models-url'

export function ModelsPage() {
  const { search, filters, change, go } = useModelsUrl()
  const refresh = useRefresh()
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
        <CataloguePanel
          search={search}
          filters={filters}
          onChange={change}
          onOpen={(model) => {
            go({ model })
          }}
        />
      </Stack>
      <ModelDrawer
        name={search.model}
        onClose={() => {
          go({ model: undefined })
        }}
        onExplain={explain}
      />
    </>
  )
}
