/** The active configuration in short. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { Schemas } from '@/api/client'
import { statusQuery } from '@/api/queries'
import { formatBytes, formatCount } from '@/lib/format'
import { Term } from '@/ui/facts'
import { Panel } from '@/ui/panel'
import classes from './configuration-panel.module.css'
import dashboard from './dashboard.module.css'

export const ConfigurationPanel = memo(function ConfigurationPanel() {
  const active = useQuery({ ...statusQuery, select: configurationOf }).data
  if (active === undefined) return null
  const { configuration, generation, version } = active
  return (
    <Panel
      title="Active configuration"
      actions={
        <Link to="/settings" className={dashboard.link}>
          Settings
        </Link>
      }
    >
      <dl className={classes.list}>
        <Term name="Access">{configuration.access === 'open' ? 'open, no key' : 'with keys'}</Term>
        <Term name="Autodecide">{configuration.autodecide ? 'on' : 'off'}</Term>
        <Term name="Sandbox">{configuration.sandbox ? 'on' : 'off'}</Term>
        <Term name="Address">
          {configuration.host}:{configuration.port}
        </Term>
        <Term name="Largest request">{formatBytes(configuration.max_request_size_bytes)}</Term>
        <Term name="File">{configuration.config_file ?? 'none'}</Term>
        <Term name="Generation">{formatCount(generation)}</Term>
        <Term name="Version">{version}</Term>
      </dl>
    </Panel>
  )
})

function configurationOf({ configuration, generation, version }: Schemas['Status']) {
  return { configuration, generation, version }
}
