/** The configuration in use, in three groups. */
import { Code, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Schemas } from '@/api/client'
import { formatBytes, formatSeconds } from '@/lib/format'
import { Fact, Facts } from '@/ui/facts'
import { RelativeTime } from '@/ui/figures'
import { Panel } from '@/ui/panel'
import { StatusBadge } from '@/ui/status-badge'
import { accessOf, sandboxOf } from './model'

export function ConfigurationPanels({ status }: { status: Schemas['Status'] }) {
  const { configuration } = status
  return (
    <Stack gap="lg">
      <Panel title="In use">
        <Facts>
          <Fact name="Generation" hint="One more with every reload; each request keeps the one it began with.">
            <span className="numeric">{status.generation}</span>
          </Fact>
          <Fact name="Read">
            <RelativeTime at={configuration.loaded_at} />
          </Fact>
          <Fact
            name="File"
            hint={configuration.config_file === null ? 'Written as ai-engine.yaml, it is found by itself.' : undefined}
          >
            {configuration.config_file === null ? 'None' : <Code>{configuration.config_file}</Code>}
          </Fact>
          <Fact name="Version">
            {status.version}, up for {formatSeconds(status.uptime_seconds)}
          </Fact>
        </Facts>
      </Panel>
      <Panel title="Requests">
        <Facts>
          <Switched name="Autodecide" variable="AI_ENGINE_AUTODECIDE" isOn={configuration.autodecide}>
            {configuration.autodecide
              ? 'Any provider that has the model may answer.'
              : 'Only the preferred provider of a model answers, unless a request says otherwise.'}
          </Switched>
          <Switched name="Sandbox" variable="AI_ENGINE_SANDBOX" isOn={configuration.sandbox}>
            {sandboxOf(configuration)}
          </Switched>
          <Fact name="Largest request" hint={<Variable>AI_ENGINE_MAX_REQUEST_SIZE</Variable>}>
            {formatBytes(configuration.max_request_size_bytes)}
          </Fact>
        </Facts>
      </Panel>
      <AccessPanel configuration={configuration} />
    </Stack>
  )
}

function AccessPanel({ configuration }: { configuration: Schemas['ConfigurationView'] }) {
  const access = accessOf(configuration)
  return (
    <Panel title="Access">
      <Facts>
        <Fact name="Listens at" hint={<Variable>AI_ENGINE_HOST</Variable>}>
          <Code>
            {configuration.host}:{configuration.port}
          </Code>
        </Fact>
        <Fact name="Asks for a key" hint={access.explanation}>
          <StatusBadge meaning="neutral">{access.word}</StatusBadge>
        </Fact>
        <Fact name="Pages of other origins" hint={<Variable>AI_ENGINE_CORS_ORIGINS</Variable>}>
          {configuration.cors_origins.length === 0
            ? 'None may call this gateway'
            : configuration.cors_origins.map((origin) => (
                <div key={origin}>
                  <Code>{origin}</Code>
                </div>
              ))}
        </Fact>
        <Fact name="Log level" hint={<Variable>AI_ENGINE_LOG_LEVEL</Variable>}>
          {configuration.log_level}
        </Fact>
      </Facts>
    </Panel>
  )
}

interface SwitchedProps {
  name: string
  variable: string
  isOn: boolean
  children: ReactNode
}

function Switched({ name, variable, isOn, children }: SwitchedProps) {
  return (
    <Fact
      name={name}
      hint={
        <>
          {children} <Variable>{variable}</Variable>
        </>
      }
    >
      <StatusBadge meaning={isOn ? 'ok' : 'neutral'}>{isOn ? 'On' : 'Off'}</StatusBadge>
    </Fact>
  )
}

function Variable({ children }: { children: string }) {
  return (
    <span>
      Set by <Code>{children}</Code>
    </span>
  )
}
