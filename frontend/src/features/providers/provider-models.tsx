/** The models of one provider, with a search by name. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '@/api/client'
import { formatCompact, formatMoney } from '@/lib/format'
import { FlagReason } from '@/ui/flag-reason'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { SearchField } from '@/ui/search-field'
import { TableSkeleton } from '@/ui/skeletons'
import { StatusBadge } from '@/ui/status-badge'
import type { Provider } from './model'
import classes from './provider-models.module.css'
import { providerModelsQuery } from './queries'

type Model = Schemas['ModelRouteView']

export function ProviderModels({ provider }: { provider: Provider }) {
  const [find, setFind] = useState('')
  const [search] = useDebouncedValue(find.trim(), 200)
  const query = useQuery(providerModelsQuery(provider.name, search))
  return (
    <div className={classes.models}>
      <SearchField
        label="Find a model"
        placeholder={`Search ${provider.models_count} models`}
        value={find}
        onChange={(text = '') => setFind(text)}
      />
      <Loaded query={query} skeleton={<TableSkeleton rows={8} />}>
        {({ items, next_cursor }) =>
          items.length === 0 ? (
            <EmptyState title={search === '' ? 'No models yet' : 'No matching models'}>
              {search === '' ? 'They are listed once the provider has a key.' : 'Change the search.'}
            </EmptyState>
          ) : (
            <>
              <ul>
                {items.map((model) => (
                  <ModelRow key={model.id} model={model} />
                ))}
              </ul>
              {next_cursor !== null && <p className={classes.more}>There are more models. Use the search.</p>}
            </>
          )
        }
      </Loaded>
    </div>
  )
}

function ModelRow({ model }: { model: Model }) {
  const { name, context_tokens, input_usd_per_million, output_usd_per_million, flag, is_default } = model
  return (
    <li className={classes.model}>
      <span className={classes.name}>
        <bdi>{name}</bdi>
        {is_default && <StatusBadge meaning="accent">default</StatusBadge>}
        {flag !== null && (
          <StatusBadge meaning="down">
            <FlagReason {...flag} />
          </StatusBadge>
        )}
      </span>
      <span className={classes.figures}>
        {context_tokens !== null && <span>{formatCompact(context_tokens)} context</span>}
        {input_usd_per_million !== null && output_usd_per_million !== null && (
          <span>
            {formatMoney(input_usd_per_million)} in, {formatMoney(output_usd_per_million)} out per 1M
          </span>
        )}
      </span>
    </li>
  )
}
