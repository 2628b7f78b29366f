/** The active configuration at a glance. */
import type { Schemas } from '@/api/client'
import { formatCount, formatSeconds } from '@/lib/format'
import { RelativeTime } from '@/ui/figures'
import { StatTile, StatTiles } from '@/ui/stat-tile'
import { accessOf } from './model'

interface StatusTilesProps {
  status: Schemas['Status']
  workers: Schemas['WorkerView'][] | undefined
}

export function StatusTiles({ status, workers }: StatusTilesProps) {
  const { configuration, generation } = status
  const access = accessOf(configuration.access)
  const behind = workers?.filter((worker) => worker.generation !== generation) ?? []
  return (
    <StatTiles>
      <StatTile
        label="Generation"
        value={formatCount(generation)}
        meaning={behind.length > 0 ? 'degraded' : undefined}
        hint={
          behind.length > 0 ? (
            `${behind.length} of ${workers?.length ?? 0} workers have an older one`
          ) : (
            <>
              loaded <RelativeTime at={configuration.loaded_at} />
            </>
          )
        }
      />
      <StatTile label="Version" value={status.version} hint={`up for ${formatSeconds(status.uptime_seconds)}`} />
      <StatTile label="Access" value={access.name} hint={access.explanation} />
      <StatTile
        label="Autodecide"
        value={configuration.autodecide ? 'On' : 'Off'}
        hint={configuration.autodecide ? 'any provider of a model' : 'the preferred provider only'}
      />
      <StatTile
        label="Sandbox"
        value={configuration.sandbox ? 'On' : 'Off'}
        hint={configuration.sandbox ? 'placeholder text' : 'real providers only'}
      />
    </StatTiles>
  )
}
