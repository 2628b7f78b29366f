/** The configuration in use, in short. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo, type ReactNode } from 'react'
import type { Schemas } from '@/api/client'
import { statusQuery } from '@/api/queries'
import { formatBytes, formatCount } from '@/lib/format'
import { Panel } from '@/ui/panel'
import classes from './configuration-panel.module.css'
import dashboard from './dashboard.module.css'

export const ConfigurationPanel = memo(function ConfigurationPanel() {
  const inUse = useQuery({ ...statusQuery, select: inUseOf }).data
  if (inUse === undefined) return null
  const { configuration, generation, version } = inUse
  return (
    <Panel
      title="Configuration in use"
      actions={
        <Link to="/settings" className={dashboard.link}>
          Settings
        </Link>
      }
    >
      <dl className={classes.list}>
        <Entry name="Access">{configuration.access === 'open' ? 'open, no key' : 'with keys'}</Entry>
        <Entry name="Autodecide">{configuration.autodecide ? 'on' : 'off'}</Entry>
        <Entry name="Sandbox">{configuration.sandbox ? 'answers' : 'silent'}</Entry>
        <Entry name="Address">
          {configuration.host}:{configuration.port}
        </Entry>
        <Entry name="Largest request">{formatBytes(configuration.max_request_size_bytes)}</Entry>
        <Entry name="File">{configuration.config_file ?? 'none'}</Entry>
        <Entry name="Generation">{formatCount(generation)}</Entry>
        <Entry name="Version">{version}</Entry>
      </dl>
    </Panel>
  )
})

function Entry({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.entry}>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  )
}

function inUseOf({ configuration, generation, version }: Schemas['Status']) {
  return { configuration, generation, version }
}
