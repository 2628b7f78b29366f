/** Whether what is shown is live, in a word; a click tries again at once. */
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
  if (state.phase === 'live') return 'Every change is shown as it happens.'
  if (state.staleSinceMs === null) return 'Connecting to the gateway.'
  return `No live connection since ${formatTime(state.staleSinceMs)}. Until it is back, the page asks every few seconds. Click to try now.`
}
