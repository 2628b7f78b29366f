/** For a name that is not in the catalogue: similar names, and what to do. */
import { Button } from '@mantine/core'
import type { Schemas } from '@/api/client'
import { formatSeconds } from '@/lib/format'
import { EmptyState } from '@/ui/messages'
import { IconQuestionMark } from '@tabler/icons-react'
import { closestNames } from './model'
import { useCatalogue } from './queries'
import classes from './unknown-model.module.css'

interface UnknownModelProps {
  name: string
  explanation: Schemas['Explanation']
  onExplain: (name: string) => void
}

export function UnknownModel({ name, explanation, onExplain }: UnknownModelProps) {
  const { models } = useCatalogue({})
  const names = closestNames(
    name,
    models.map((model) => model.name),
  )
  return (
    <EmptyState
      icon={IconQuestionMark}
      title="No provider has a model of this name"
      action={
        names.length > 0 && (
          <div className={classes.names} role="group" aria-label="Similar names">
            {names.map((each) => (
              <Button key={each} size="xs" variant="default" onClick={() => onExplain(each)}>
                <bdi>{each}</bdi>
              </Button>
            ))}
          </div>
        )
      }
    >
      A request for <strong dir="auto">{name}</strong> fails with 404 model_not_found.{' '}
      {names.length > 0
        ? 'Did you mean one of these?'
        : `The catalogue has no similar name. It was updated ${formatSeconds(explanation.catalogue_age_seconds)} ago; “Refresh models” loads new models.`}
    </EmptyState>
  )
}
