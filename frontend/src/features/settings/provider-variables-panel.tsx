/** The provider variables that are set, and the fingerprints of their keys. */
import type { Schemas } from '@/api/client'
import { type Column, DataTable } from '@/ui/data-table'
import { KeyFingerprint } from '@/ui/figures'
import { EmptyState } from '@/ui/messages'
import { Panel } from '@/ui/panel'
import { ProviderMark } from '@/ui/provider-mark'
import { variablesInUse } from './model'
import classes from './provider-variables-panel.module.css'

type Variable = Schemas['VariableView']

const COLUMNS: Column<Variable>[] = [
  {
    id: 'provider',
    header: 'Provider',
    width: '290px',
    cell: ({ provider }) => (
      <span className={classes.provider}>
        <ProviderMark name={provider} size="sm" />
        {provider}
      </span>
    ),
  },
  { id: 'variable', header: 'Variable', cell: ({ name }) => <code className={classes.name}>{name}</code> },
  {
    id: 'keys',
    header: 'Keys',
    width: '42%',
    cell: ({ keys }) => (
      <span className={classes.keys}>
        {keys.length === 0
          ? 'base URL'
          : keys.map((fingerprint) => <KeyFingerprint key={fingerprint} fingerprint={fingerprint} />)}
      </span>
    ),
  },
]

export function ProviderVariablesPanel({ variables }: { variables: Variable[] }) {
  return (
    <Panel
      title="Provider keys"
      description="Shown as fingerprints: the first eight hex digits of each key’s SHA-256."
      isFlush
    >
      <DataTable
        caption="Provider keys"
        columns={COLUMNS}
        rows={variablesInUse(variables)}
        rowKey={({ name }) => name}
        empty={
          <EmptyState title="No provider keys">
            Add one to .env, such as OPENAI_API_KEY=sk-…; it is loaded within a second.
          </EmptyState>
        }
      />
    </Panel>
  )
}
