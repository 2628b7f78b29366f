/** What stands in the place of content: nothing there yet, something failed, or what is shown may be out of date. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconCloudOff, IconInbox, IconLock, IconRefresh } from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { formatRelative, formatSeconds, formatTime } from '@/lib/format'
import { GatewayError } from '@/lib/gateway-error'
import { useNow } from '@/lib/now'
import classes from './messages.module.css'

type Icon = ComponentType<{ size?: number; stroke?: number; 'aria-hidden'?: boolean }>

interface EmptyStateProps {
  title: string
  /** Why there is nothing, and what would change that. */
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
  const { title, advice, icon: Icon } = explain(error)
  const requestId = error instanceof GatewayError ? error.requestId : undefined
  return (
    <div className={classes.message} role="alert">
      <span className={classes.icon} data-meaning="down">
        <Icon size={22} stroke={1.5} aria-hidden />
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

/** In a few words what keeps an answer from coming, while it is still waited for; `null`: it just takes long. */
export function waitingWords(failure: unknown): string {
  if (failure === null || failure === undefined) return 'The gateway takes its time. Still waiting …'
  const { title, wait } = explain(failure)
  return `${title}.${wait} Trying again …`
}

/** Above content that could not be refreshed: it stays readable, and says how old it is. */
export function StaleBanner({ sinceMs, error, onRetry }: { sinceMs: number; error?: unknown; onRetry?: () => void }) {
  const now = useNow()
  const reason = error instanceof Error ? error.message : 'The connection to the gateway is down.'
  return (
    <div className={classes.banner} role="status">
      <IconCloudOff size={16} aria-hidden />
      <span className={classes.bannerText}>
        <strong>Not up to date.</strong> <bdi>{reason}</bdi> Shown is what was known at {formatTime(sinceMs)}
        {/* It counts on every second, which nobody wants to hear. */}
        <span aria-hidden> ({formatRelative(sinceMs, now)})</span>.
      </span>
      {onRetry && (
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Try now
        </Button>
      )}
    </div>
  )
}

interface Explanation {
  title: string
  /** How long the gateway asks to wait: a sentence after a blank, or nothing. */
  wait: string
  advice: string
  icon: Icon
}

function explain(error: unknown): Explanation {
  const told = explainKind(error)
  return { ...told, wait: waitOf(error) }
}

function waitOf(error: unknown): string {
  const seconds = error instanceof GatewayError ? error.retryAfterSeconds : null
  return seconds === null ? '' : ` It asks to wait ${formatSeconds(Math.ceil(seconds))}.`
}

function explainKind(error: unknown): Omit<Explanation, 'wait'> {
  if (!(error instanceof GatewayError))
    return {
      title: 'Something on this page failed',
      advice: 'It is a fault of ours. Loading the page anew may help.',
      icon: IconAlertTriangle,
    }
  if (error.isUnreachable)
    return {
      title: 'The gateway does not answer',
      advice: 'Is it running? This page tries again by itself and comes back as soon as it does.',
      icon: IconCloudOff,
    }
  const wait = waitOf(error)
  switch (error.status) {
    case 401:
      return {
        title: 'This gateway asks for a key',
        advice: 'Sign in with an admin or viewer key to see this.',
        icon: IconLock,
      }
    case 403:
      return {
        title: 'You may not see this',
        advice: 'Sign in with a key that may, or open the page from the gateway’s own address.',
        icon: IconLock,
      }
    case 404:
      return {
        title: 'This is not there',
        advice: 'It may have been removed, or the gateway is older than this page.',
        icon: IconAlertTriangle,
      }
    case 429:
      return {
        title: 'Too many requests',
        advice: `The gateway limits how often it is asked.${wait}`,
        icon: IconAlertTriangle,
      }
    default:
      return error.isPassing
        ? {
            title: 'The gateway could not answer',
            advice: `That often passes.${wait} If it stays, its log says more.`,
            icon: IconAlertTriangle,
          }
        : {
            title: 'The gateway refused',
            advice: 'Change what was asked for, then try again.',
            icon: IconAlertTriangle,
          }
  }
}
