/** The state of the live connection; a click reconnects at once. */
import { UnstyledButton } from '@mantine/core'
import { live, useLive } from '@/api/live'
import type { LiveState } from '@/api/live-state'
import { formatTime } from '@/lib/format'
import { type Meaning, StatusDot } from '@/ui/status-badge'
import { Tooltip } from '@/ui/tooltip'
import classes from './connection-indicator.module.css'

const WORDS: Record<LiveState['phase'], { word: string; meaning: Meaning }> = {
  live: { word: 'Live', meaning: 'ok' },
  connecting: { word: 'Connecting', meaning: 'neutral' },
  stale: { word: 'Reconnecting', meaning: 'degraded' },
}

export function ConnectionIndicator({ isCompact = false }: { isCompact?: boolean }) {
  const state = useLive()
  const { word, meaning } = WORDS[state.phase]
  return (
    <Tooltip label={explanationOf(state)} side={isCompact ? 'bottom-end' : 'right'}>
      <UnstyledButton className={classes.indicator} onClick={live.retry}>
        <StatusDot meaning={meaning} isLive={state.phase === 'live'} />
        <span aria-live="polite">{word}</span>
      </UnstyledButton>
    </Tooltip>
  )
}

function explanationOf(state: LiveState): string {
  if (state.phase === 'live') return 'Updates are shown live.'
  if (state.staleSinceMs === null) return 'Connecting to the gateway.'
  return `Disconnected since ${formatTime(state.staleSinceMs)}. The page polls until it is connected again. Click to reconnect now.`
}
