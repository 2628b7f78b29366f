/** One question with its answer and its facts. */
import { ActionIcon, Button, Textarea, VisuallyHidden } from '@mantine/core'
import { IconAlertTriangle, IconPencil, IconRefresh } from '@tabler/icons-react'
import { useDeferredValue, useState } from 'react'
import { CopyButton } from '@/ui/copy-button'
import { Markdown } from '@/ui/markdown'
import { Tooltip } from '@/ui/tooltip'
import type { Answer, Turn } from './conversation'
import { ResponseFacts } from './response-facts'
import { adviceFor, titleOf } from './error-words'
import classes from './turn-view.module.css'

interface TurnViewProps {
  turn: Turn
  isLast: boolean
  /** Sends this instead; the turns after it are discarded. */
  onSend: (question: string) => void
}

export function TurnView({ turn: { question, answer }, isLast, onSend }: TurnViewProps) {
  const [isEditing, setIsEditing] = useState(false)
  const isOver = answer.state !== 'waiting' && answer.state !== 'streaming'
  return (
    <article className={classes.turn}>
      <VisuallyHidden component="h2">Question and answer</VisuallyHidden>
      {isEditing ? (
        <QuestionEditor
          question={question}
          hasMore={!isLast}
          onCancel={() => setIsEditing(false)}
          onSend={(edited) => {
            setIsEditing(false)
            onSend(edited)
          }}
        />
      ) : (
        <div className={classes.sent}>
          <Tooltip label="Edit and resend">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label="Edit message"
              onClick={() => setIsEditing(true)}
            >
              <IconPencil size={14} stroke={1.7} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <p className={classes.question} dir="auto">
            {question}
          </p>
        </div>
      )}
      <AnswerText answer={answer} />
      {answer.error !== null && <AnswerError answer={answer} />}
      <div className={classes.foot}>
        <ResponseFacts answer={answer} />
        {isOver && (
          <span className={classes.actions}>
            {answer.text !== '' && <CopyButton text={answer.text} what="response" />}
            <Tooltip label={isLast ? 'Regenerate' : 'Regenerate from here'}>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label="Regenerate"
                onClick={() => onSend(question)}
              >
                <IconRefresh size={14} stroke={1.7} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </span>
        )}
      </div>
    </article>
  )
}

interface QuestionEditorProps {
  question: string
  hasMore: boolean
  onCancel: () => void
  onSend: (question: string) => void
}

function QuestionEditor({ question, hasMore, onCancel, onSend }: QuestionEditorProps) {
  const [text, setText] = useState(question)
  return (
    <div className={classes.editor}>
      <Textarea
        aria-label="Edited message"
        description={hasMore ? 'The messages after it are discarded.' : undefined}
        data-autofocus
        autosize
        maxRows={12}
        dir="auto"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel()
        }}
      />
      <div className={classes.editorActions}>
        <Button variant="default" size="xs" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="xs" disabled={text.trim() === ''} onClick={() => onSend(text)}>
          Resend
        </Button>
      </div>
    </div>
  )
}

function AnswerText({ answer: { text, reasoning, state } }: { answer: Answer }) {
  // Long Markdown is parsed again with every chunk: typing and scrolling have priority.
  const shown = useDeferredValue(text)
  return (
    <>
      {reasoning !== '' && (
        <details className={classes.reasoning} open={text === '' && state === 'streaming'}>
          <summary>Reasoning</summary>
          <p dir="auto">{reasoning}</p>
        </details>
      )}
      {text !== '' && <Markdown text={shown} />}
      {state === 'waiting' && <span className={classes.waiting} role="img" aria-label="Waiting for the response" />}
      {text === '' && state === 'done' && <p className={classes.empty}>The response is empty.</p>}
      {state === 'stopped' && <p className={classes.empty}>Stopped.</p>}
    </>
  )
}

function AnswerError({ answer: { error, text } }: { answer: Answer }) {
  if (error === null) return null
  return (
    <div className={classes.error} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <div>
        <strong>{titleOf(error, text !== '')}</strong>
        <p dir="auto">{error.message}</p>
        <p>{adviceFor(error)}</p>
        {error.code !== undefined && <code>{error.code}</code>}
      </div>
    </div>
  )
}
