/** A name that nothing in the catalogue is called: what was probably meant, and what to do. */
import { Button } from '@mantine/core'
import type { Schemas } from '@/api/client'
import { formatSeconds } from '@/lib/format'
import { EmptyState } from '@/ui/messages'
import { IconQuestionMark } from '@tabler/icons-react'
import { closestNames } from './model'
import { useCatalogue } from './queries'
import classes from './unknown-model.module.css'

interface UnknownModelProps {
  asked: string
  explanation: Schemas['Explanation']
  onExplain: (name: string) => void
}

export function UnknownModel({ asked, explanation, onExplain }: UnknownModelProps) {
  const { models } = useCatalogue({})
  const names = closestNames(
    asked,
    models.map(({ name }) => name),
  )
  return (
    <EmptyState
      icon={IconQuestionMark}
      title="No provider has a model of this name"
      action={
        names.length > 0 && (
          <div className={classes.names} role="group" aria-label="Names that are alike">
            {names.map((name) => (
              <Button key={name} size="xs" variant="default" onClick={() => onExplain(name)}>
                <bdi>{name}</bdi>
              </Button>
            ))}
          </div>
        )
      }
    >
      A request for <strong dir="auto">{asked}</strong> would be answered with 404 model_not_found.{' '}
      {names.length > 0
        ? 'Was one of these meant?'
        : `Nothing in the catalogue is like it. The catalogue is ${formatSeconds(explanation.catalogue_age_seconds)} old: a new model comes with “Ask the providers”.`}
    </EmptyState>
  )
}
