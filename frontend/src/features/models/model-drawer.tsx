/** The details of one model: its routes. */
import { Button } from '@mantine/core'
import { IconListNumbers } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { CopyButton } from '@/ui/copy-button'
import { DetailDrawer } from '@/ui/detail-drawer'
import { Loaded } from '@/ui/loaded'
import { EmptyState } from '@/ui/messages'
import { FactsSkeleton } from '@/ui/skeletons'
import type { Model } from './model'
import classes from './model-drawer.module.css'
import { modelQuery } from './queries'
import { RouteCard } from './route-card'

interface ModelDrawerProps {
  name: string | undefined
  onClose: () => void
  onExplain: (name: string) => void
}

export default function ModelDrawer({ name, onClose, onExplain }: ModelDrawerProps) {
  return (
    <DetailDrawer isOpen={name !== undefined} onClose={onClose} title="Model" width={640}>
      {name !== undefined && <Opened key={name} name={name} onExplain={onExplain} />}
    </DetailDrawer>
  )
}

function Opened({ name, onExplain }: { name: string; onExplain: (name: string) => void }) {
  const query = useQuery(modelQuery(name))
  return (
    <Loaded query={query} skeleton={<FactsSkeleton facts={7} />}>
      {(model) =>
        model === null ? (
          <EmptyState
            title="No model has this name"
            action={
              <Button variant="default" onClick={() => onExplain(name)}>
                Explain the routing
              </Button>
            }
          >
            <span dir="auto">{name}</span> may have been withdrawn by its provider.
          </EmptyState>
        ) : (
          <Details model={model} onExplain={onExplain} />
        )
      }
    </Loaded>
  )
}

function Details({ model, onExplain }: { model: Model; onExplain: (name: string) => void }) {
  return (
    <>
      <div className={classes.head}>
        <h2 className={classes.name} dir="auto">
          {model.name} <CopyButton text={model.name} what="name" />
        </h2>
        <Button
          variant="default"
          leftSection={<IconListNumbers size={16} aria-hidden />}
          onClick={() => onExplain(model.name)}
        >
          Explain the routing
        </Button>
      </div>
      <p className={classes.count}>{model.routes.length === 1 ? '1 route' : `${model.routes.length} routes`}</p>
      <ul className={classes.routes}>
        {model.routes.map((route) => (
          <li key={route.id}>
            <RouteCard route={route} />
          </li>
        ))}
      </ul>
    </>
  )
}
