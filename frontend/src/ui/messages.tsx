/** What is shown instead of content: an empty state, an error, or a banner above outdated content. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconCloudOff, IconInbox, IconLock, IconRefresh } from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { errorWords } from '@/lib/error-words'
import { formatRelative, formatTime } from '@/lib/format'
import { GatewayError } from '@/lib/gateway-error'
import { useNow } from '@/lib/now'
import classes from './messages.module.css'

type Icon = ComponentType<{ size?: number; stroke?: number; 'aria-hidden'?: boolean }>

interface EmptyStateProps {
  title: string
  /** Why it is empty, and what to do about it. */
  children?: ReactNode
  action?: ReactNode
  icon?: Icon
}

export function EmptyState({ title, children, action, icon: Icon = IconInbox }: EmptyStateProps) {
  return (
    <div className={classes.message}>
      <span className={classes.icon}>
        <Icon size={22} stroke={1.5} aria-hidden />
      </span>
      <p className={classes.title}>{title}</p>
      {children !== undefined && <div className={classes.text}>{children}</div>}
      {action !== undefined && <div className={classes.action}>{action}</div>}
    </div>
  )
}

/** What happened, what to do about it, and a way to try again. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { title, advice } = errorWords(error)
  const requestId = error instanceof GatewayError ? error.requestId : undefined
  return (
    <div className={classes.message} role="alert">
      <span className={classes.icon} data-meaning="down">
        <ErrorIcon error={error} />
      </span>
      <p className={classes.title}>{title}</p>
      <div className={classes.text}>
        {error instanceof Error && !isSame(error.message, title) && <p dir="auto">{error.message}</p>}
        <p>{advice}</p>
        {requestId !== undefined && (
          <p className={classes.small}>
            Request <code>{requestId}</code>
          </p>
        )}
      </div>
      {onRetry && (
        <div className={classes.action}>
          <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  )
}

function isSame(sentence: string, title: string): boolean {
  return sentence.replace(/\.$/, '') === title
}

/** Above content that could not be refreshed: it stays, with its age. */
export function StaleBanner({ sinceMs, error, onRetry }: { sinceMs: number; error?: unknown; onRetry?: () => void }) {
  const now = useNow()
  const reason = error instanceof Error ? error.message : 'The gateway is not reachable.'
  return (
    <div className={classes.banner} role="status">
      <IconCloudOff size={16} aria-hidden />
      <span className={classes.bannerText}>
        <strong>Outdated.</strong> <bdi>{reason}</bdi> Data as of {formatTime(sinceMs)}
        {/* A screen reader does not announce every second. */}
        <span aria-hidden> ({formatRelative(sinceMs, now)})</span>.
      </span>
      {onRetry && (
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  )
}

function ErrorIcon({ error }: { error: unknown }) {
  const icon = { size: 22, stroke: 1.5, 'aria-hidden': true }
  if (!(error instanceof GatewayError)) return <IconAlertTriangle {...icon} />
  if (error.isUnreachable) return <IconCloudOff {...icon} />
  return error.status === 401 || error.status === 403 ? <IconLock {...icon} /> : <IconAlertTriangle {...icon} />
}
