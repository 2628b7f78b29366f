/** The configuration file: providers, models, aliases, fallbacks, prices, weights. */
import { Code } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Schemas } from '@/api/client'
import { Fact, Facts } from '@/ui/facts'
import { Money } from '@/ui/figures'
import { Panel } from '@/ui/panel'

type File = Omit<Schemas['LiveConfigurationView'], 'settings' | 'variables'>

export function FilePanel({ file }: { file: File }) {
  const { providers, models, aliases, fallbacks, prices, weights } = file
  return (
    <Panel
      title="Configuration file"
      description={
        file.config_file === null
          ? 'None. An ai-engine.yaml in the working directory is loaded automatically.'
          : undefined
      }
    >
      <Facts>
        {file.config_file !== null && (
          <Fact name="File">
            <Code>{file.config_file}</Code>
          </Fact>
        )}
        <Listed
          name="Providers"
          entries={providers.map(({ name, base_url }) => [name, base_url ?? 'changes the built-in provider'])}
        />
        <Listed name="Models" entries={models.map(({ name, candidates }) => [name, candidates.join(', ')])} />
        <Listed name="Aliases" entries={Object.entries(aliases)} />
        <Listed
          name="Fallbacks"
          entries={Object.entries(fallbacks).map(([model, others]) => [model, others.join(', ')])}
        />
        <Listed
          name="Prices"
          hint="USD per million tokens: input · output."
          entries={Object.entries(prices).map(([route, { input, output }]) => [
            route,
            <>
              <Money usd={input} /> · <Money usd={output} />
            </>,
          ])}
        />
        <Fact name="Weights" hint="Of the parts of a candidate’s score.">
          {Object.entries(weights)
            .map(([part, weight]) => `${part} ${String(weight)}`)
            .join(' · ')}
        </Fact>
        <Fact name="Interrupted streams" hint="When a provider breaks off in the middle of a response.">
          {file.rescue === 'continue' ? 'Continued by another provider' : 'The client gets an error'}
        </Fact>
      </Facts>
    </Panel>
  )
}

interface ListedProps {
  name: string
  hint?: string
  entries: [string, ReactNode][]
}

/** Omitted if the file has none. */
function Listed({ name, hint, entries }: ListedProps) {
  if (entries.length === 0) return null
  return (
    <Fact name={name} hint={hint}>
      {entries.map(([key, value]) => (
        <div key={key}>
          <Code>{key}</Code> → {value}
        </div>
      ))}
    </Fact>
  )
}
