/** Ok, degraded or down, and why, in a sentence. */
import { useQuery } from '@tanstack/react-query'
import { memo, useCallback, useMemo } from 'react'
import type { Schemas } from '@/api/client'
import { providersQuery, statusQuery } from '@/api/queries'
import { formatSeconds } from '@/lib/format'
import { StatusDot } from '@/ui/status-badge'
import { verdictOf } from './model'
import classes from './verdict-banner.module.css'

export const VerdictBanner = memo(function VerdictBanner() {
  const names = useQuery({ ...providersQuery, select: namesOf }).data
  const select = useCallback((status: Schemas['Status']) => verdictOf(status, (name) => names?.[name] ?? name), [names])
  const verdict = useQuery({ ...statusQuery, select }).data
  if (verdict === undefined) return null
  return (
    <section className={classes.banner} data-meaning={verdict.meaning} aria-label="Status">
      <div className={classes.words} role="status">
        <span className={classes.word}>
          <StatusDot meaning={verdict.meaning} isLive />
          {verdict.word}
        </span>
        <span className={classes.sentence} dir="auto">
          {verdict.sentence}
        </span>
      </div>
      <Uptime />
    </section>
  )
})

function Uptime() {
  const minutes = useQuery({ ...statusQuery, select: ({ uptime_seconds }) => Math.floor(uptime_seconds / 60) }).data
  const text = useMemo(
    () => (minutes === undefined ? '' : minutes < 1 ? 'just started' : `up ${formatSeconds(minutes * 60)}`),
    [minutes],
  )
  return <span className={classes.uptime}>{text}</span>
}

function namesOf(providers: Schemas['ProviderView'][]): Record<string, string> {
  return Object.fromEntries(providers.map(({ name, display_name }) => [name, display_name]))
}
