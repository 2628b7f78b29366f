/** The columns of the catalogue, by model and by provider. */
import { VisuallyHidden } from '@mantine/core'
import { formatCompactInColumn } from '@/lib/format'
import { providerStateWords } from '@/lib/provider-words'
import type { Column } from '@/ui/data-table'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import classes from './columns.module.css'
import { availableCount, capabilitiesOf, lowestPrice, type Model, type Route, spanOf } from './model'
import { RoutePrice } from './route-price'

export interface RouteOfModel {
  model: string
  route: Route
}

/** The columns about the routes of a row: all of a model, or one. */
function factColumns<Row>(routesOf: (row: Row) => Route[]): Column<Row>[] {
  return [
    {
      id: 'context',
      header: 'Context',
      width: '98px',
      align: 'end',
      hideBelow: 'sm',
      cell: (row) => <>{formatCompactInColumn(contextOf(routesOf(row)))}</>,
      sortBy: (row) => contextOf(routesOf(row)),
    },
    {
      id: 'capabilities',
      header: 'Capabilities',
      width: '18%',
      hideBelow: 'md',
      cell: (row) => <Capabilities routes={routesOf(row)} />,
    },
    {
      id: 'input',
      header: '$/1M in',
      width: '104px',
      align: 'end',
      hideBelow: 'sm',
      cell: (row) => <RoutePrice usd={lowestPrice(routesOf(row), 'input_usd_per_million')} isInColumn />,
      sortBy: (row) => amountOf(lowestPrice(routesOf(row), 'input_usd_per_million')),
    },
    {
      id: 'output',
      header: '$/1M out',
      width: '110px',
      align: 'end',
      hideBelow: 'sm',
      cell: (row) => <RoutePrice usd={lowestPrice(routesOf(row), 'output_usd_per_million')} isInColumn />,
      sortBy: (row) => amountOf(lowestPrice(routesOf(row), 'output_usd_per_million')),
    },
  ]
}

const state = { id: 'state', header: 'State', width: 'clamp(126px, 12cqi, 140px)', narrowWidth: '116px' }

export const modelColumns: Column<Model>[] = [
  {
    id: 'model',
    header: 'Model',
    cell: ({ name }) => <Name text={name} />,
    sortBy: ({ name }) => name.toLowerCase(),
  },
  {
    id: 'routes',
    header: 'Providers',
    width: 'clamp(148px, 15cqi, 180px)',
    hideBelow: 'sm',
    cell: (model) => <Providers routes={model.routes} />,
    sortBy: ({ routes }) => routes.length,
  },
  ...factColumns<Model>(({ routes }) => routes),
  {
    ...state,
    cell: (model) => <ModelState model={model} />,
    sortBy: (model) => availableCount(model) / model.routes.length,
  },
]

export const routeColumns: Column<RouteOfModel>[] = [
  {
    id: 'model',
    header: 'Route',
    cell: ({ route }) => (
      <span className={classes.route}>
        <ProviderMark name={route.provider} size="sm" />
        <span className={classes.routeName} title={route.id}>
          <bdi className={classes.faint}>{route.provider}</bdi> <bdi>{route.name}</bdi>
        </span>
      </span>
    ),
    sortBy: ({ route }) => route.id.toLowerCase(),
  },
  ...factColumns<RouteOfModel>(({ route }) => [route]),
  {
    ...state,
    cell: ({ route }) => <RouteState route={route} />,
    sortBy: ({ route }) => route.state,
  },
]

function contextOf(routes: Route[]): number | null {
  return spanOf(routes.map(({ context_tokens }) => context_tokens))?.most ?? null
}

function amountOf(usd: string | null): number | null {
  return usd === null ? null : Number(usd)
}

function Name({ text }: { text: string }) {
  return (
    <span dir="auto" title={text} className={classes.name}>
      {text}
    </span>
  )
}

const MOST_MARKS = 4

function Providers({ routes }: { routes: Route[] }) {
  const names = [...new Set(routes.map(({ provider }) => provider))]
  const [first = ''] = names
  if (names.length === 1)
    return (
      <span className={classes.route}>
        <ProviderMark name={first} size="sm" />
        <bdi className={classes.routeName}>{first}</bdi>
      </span>
    )
  return (
    <span className={classes.marks} title={names.join(', ')}>
      {names.slice(0, MOST_MARKS).map((name) => (
        <ProviderMark key={name} name={name} size="sm" />
      ))}
      {names.length > MOST_MARKS && <span className={classes.faint}>+{names.length - MOST_MARKS}</span>}
      <VisuallyHidden>{names.join(', ')}</VisuallyHidden>
    </span>
  )
}

function Capabilities({ routes }: { routes: Route[] }) {
  const capabilities = capabilitiesOf(routes)
  return <span className={classes.faint}>{capabilities.length === 0 ? '–' : capabilities.join(', ')}</span>
}

function RouteState({ route }: { route: Route }) {
  const { name, meaning } = providerStateWords(route.state)
  return <StatusBadge meaning={meaning}>{name}</StatusBadge>
}

function ModelState({ model }: { model: Model }) {
  const available = availableCount(model)
  const [only] = model.routes
  if (model.routes.length === 1 && only !== undefined) return <RouteState route={only} />
  if (available === model.routes.length) return <StatusBadge meaning="ok">Available</StatusBadge>
  return (
    <StatusBadge meaning={available > 0 ? 'degraded' : 'down'}>
      {available} of {model.routes.length}
    </StatusBadge>
  )
}
