/** Autodecide explained: the candidates for a model name in order, with their scores. */
import { Button, CloseButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Loaded } from '@/ui/loaded'
import { Panel } from '@/ui/panel'
import { TableSkeleton } from '@/ui/skeletons'
import { AutocompleteInput } from '@/ui/autocomplete-input'
import classes from './explain-panel.module.css'
import { AutodecideTest } from './autodecide-test'
import { Explained } from './explained'
import { explanationQuery, useCatalogue } from './queries'
import { UnknownModel } from './unknown-model'

interface ExplainPanelProps {
  model: string | undefined
  onExplain: (name: string | undefined) => void
}

export function ExplainPanel({ model, onExplain }: ExplainPanelProps) {
  return (
    <Panel
      title="Autodecide"
      description="Which routes the gateway would try for a model name, in which order, and why."
      actions={<NameForm key={model} model={model} onExplain={onExplain} />}
    >
      {model === undefined ? (
        <p className={classes.hint}>
          Enter a model name as a client would send it: <Example name="auto" onExplain={onExplain} />, a family such as{' '}
          <Example name="claude" onExplain={onExplain} />, or a pinned name such as <code>openai/gpt-4o</code>.
        </p>
      ) : (
        <Explanation key={model} model={model} onExplain={onExplain} />
      )}
    </Panel>
  )
}

function Example({ name, onExplain }: { name: string; onExplain: (name: string) => void }) {
  return (
    <button type="button" className={classes.example} onClick={() => onExplain(name)}>
      {name}
    </button>
  )
}

const MOST_SUGGESTIONS = 8

function NameForm({ model, onExplain }: ExplainPanelProps) {
  const [text, setText] = useState(model ?? '')
  const [typed] = useDebouncedValue(text.trim(), 150)
  // Only while another name than the explained one is typed.
  const { models } = useCatalogue({ find: typed.slice(0, 200) }, typed !== '' && typed !== model)
  const submit = (name: string) => {
    if (name.trim() !== '') onExplain(name.trim())
  }
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        submit(text)
      }}
    >
      <AutocompleteInput
        className={classes.input}
        aria-label="Model to explain"
        placeholder="gpt-4o"
        maxLength={500}
        suggestions={typed === '' || typed === model ? [] : models.map(({ name }) => name)}
        isFiltered
        limit={MOST_SUGGESTIONS}
        value={text}
        onChange={setText}
        onChoose={submit}
        rightSection={
          model === undefined ? undefined : (
            <CloseButton size="sm" aria-label="Clear" onClick={() => onExplain(undefined)} />
          )
        }
      />
      <Button type="submit" disabled={text.trim() === ''}>
        Explain
      </Button>
    </form>
  )
}

function Explanation({ model, onExplain }: { model: string; onExplain: (name: string) => void }) {
  const query = useQuery(explanationQuery(model))
  return (
    <Loaded query={query} skeleton={<TableSkeleton rows={3} rowHeight={72} />}>
      {(explanation) =>
        explanation.known ? (
          <>
            <Explained explanation={explanation} onExplain={onExplain} />
            <AutodecideTest model={model} />
          </>
        ) : (
          <UnknownModel name={model} explanation={explanation} onExplain={onExplain} />
        )
      }
    </Loaded>
  )
}
