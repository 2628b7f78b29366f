/** The status, and why. */
import { useQuery } from '@tanstack/react-query'
import { memo, use, useCallback } from 'react'
import type { Schemas } from '@/api/client'
import { statusQuery } from '@/api/queries'
import { formatSeconds } from '@/lib/format'
import { ProviderNames } from '@/ui/provider-names'
import { StatusDot } from '@/ui/status-badge'
import { statusWords } from './model'
import classes from './status-banner.module.css'

export const StatusBanner = memo(function StatusBanner() {
  const names = use(ProviderNames)
  const select = useCallback((status: Schemas['Status']) => statusWords(status, (name) => names[name] ?? name), [names])
  const words = useQuery({ ...statusQuery, select }).data
  if (words === undefined) return null
  return (
    <section className={classes.banner} data-meaning={words.meaning} aria-label="Status">
      <div className={classes.words} role="status">
        <span className={classes.word}>
          <StatusDot meaning={words.meaning} isLive />
          {words.word}
        </span>
        <span className={classes.sentence} dir="auto">
          {words.sentence}
        </span>
      </div>
      <Uptime />
    </section>
  )
})

function Uptime() {
  const minutes = useQuery({ ...statusQuery, select: ({ uptime_seconds }) => Math.floor(uptime_seconds / 60) }).data
  if (minutes === undefined) return null
  return <span className={classes.uptime}>{minutes < 1 ? 'just started' : `up ${formatSeconds(minutes * 60)}`}</span>
}
