/** Autodecide explained: a name typed, and whom the engine would ask for it, in order and why. */
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
  asked: string | undefined
  onExplain: (name: string | undefined) => void
}

export function ExplainPanel({ asked, onExplain }: ExplainPanelProps) {
  return (
    <Panel
      title="Autodecide explained"
      description="Whom would the engine ask for a model now, in which order, and why?"
      actions={<AskedName key={asked} asked={asked} onExplain={onExplain} />}
    >
      {asked === undefined ? (
        <p className={classes.invitation}>
          Type any name as a client would send it: <Example name="auto" onExplain={onExplain} />, a family such as{' '}
          <Example name="claude" onExplain={onExplain} />, or a pinned one such as <code>openai/gpt-4o</code>.
        </p>
      ) : (
        <Asked key={asked} asked={asked} onExplain={onExplain} />
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

const MOST_OFFERED = 8

function AskedName({ asked, onExplain }: ExplainPanelProps) {
  const [text, setText] = useState(asked ?? '')
  const [typed] = useDebouncedValue(text.trim(), 150)
  // Only while somebody types another name than the one that is explained.
  const { models } = useCatalogue({ find: typed.slice(0, 200) }, typed !== '' && typed !== asked)
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
        suggestions={typed === '' || typed === asked ? [] : models.map(({ name }) => name)}
        isFiltered
        limit={MOST_OFFERED}
        value={text}
        onChange={setText}
        onChoose={submit}
        rightSection={
          asked === undefined ? undefined : (
            <CloseButton size="sm" aria-label="Explain none" onClick={() => onExplain(undefined)} />
          )
        }
      />
      <Button type="submit" disabled={text.trim() === ''}>
        Explain
      </Button>
    </form>
  )
}

function Asked({ asked, onExplain }: { asked: string; onExplain: (name: string) => void }) {
  const query = useQuery(explanationQuery(asked))
  return (
    <Loaded query={query} skeleton={<TableSkeleton rows={3} rowHeight={72} />}>
      {(explanation) =>
        explanation.known ? (
          <>
            <Explained explanation={explanation} onExplain={onExplain} />
            <AutodecideTest model={asked} />
          </>
        ) : (
          <UnknownModel asked={asked} explanation={explanation} onExplain={onExplain} />
        )
      }
    </Loaded>
  )
}
