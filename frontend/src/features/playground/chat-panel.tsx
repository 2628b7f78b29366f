/** The conversation, and the message field. */
import { ActionIcon, Button, Textarea, VisuallyHidden } from '@mantine/core'
import { IconArrowUp, IconMessageChatbot, IconPlayerStopFilled } from '@tabler/icons-react'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import { useIsViewer } from '@/api/queries'
import { Guarded } from '@/ui/guarded'
import { preloadMarkdown } from '@/ui/markdown'
import { EmptyState } from '@/ui/messages'
import classes from './chat-panel.module.css'
import { TurnView } from './turn-view'
import type { useChat } from './use-chat'

interface ChatPanelProps {
  chat: ReturnType<typeof useChat>
  draft: string
  onDraft: (draft: string) => void
}

const EXAMPLES = [
  'Explain in three sentences what an LLM gateway does.',
  'Write a Python function that retries with jittered backoff.',
  'Compare REST and WebSocket in a table.',
]
const NEAR_END_PIXELS = 80

export function ChatPanel({ chat, draft, onDraft }: ChatPanelProps) {
  const { turns, send, stop, isAnswering } = chat
  const { box, content, onScroll, stick } = useStickToEnd()
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(preloadMarkdown, [])
  const readOnly = useIsViewer() ? 'A viewer key is read-only. Sign in with an admin key to send messages.' : null
  const submit = () => {
    if (draft.trim() === '' || isAnswering || readOnly !== null) return
    stick()
    onDraft('')
    void send(draft)
  }
  const submitOnEnter = (event: KeyboardEvent) => {
    // Enter that ends the composition of a word does not send.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    submit()
  }
  return (
    <section className={classes.panel} aria-label="Conversation">
      <div ref={box} className={classes.turns} role="group" aria-label="Messages" tabIndex={0} onScroll={onScroll}>
        <div ref={content}>
          {turns.length === 0 ? (
            <EmptyState
              icon={IconMessageChatbot}
              title="No messages yet"
              action={
                <div className={classes.examples}>
                  {EXAMPLES.map((example) => (
                    <Guarded key={example} reason={readOnly}>
                      <Button variant="default" size="xs" fw={450} onClick={() => void send(example)}>
                        {example}
                      </Button>
                    </Guarded>
                  ))}
                </div>
              }
            >
              {readOnly ?? 'Messages are not stored: leaving the page discards them.'}
            </EmptyState>
          ) : (
            turns.map((turn, index) => (
              <TurnView
                key={turn.id}
                turn={turn}
                isLast={index === turns.length - 1}
                onSend={(question) => {
                  stick()
                  void send(question, index)
                }}
              />
            ))
          )}
        </div>
      </div>
      <Announcement chat={chat} />
      <div className={classes.composer}>
        <Textarea
          ref={field}
          className={classes.field}
          aria-label="Message"
          title="Enter sends, Shift+Enter starts a new line"
          placeholder="Message"
          autosize
          minRows={1}
          maxRows={8}
          dir="auto"
          value={draft}
          onChange={(event) => onDraft(event.currentTarget.value)}
          onKeyDown={submitOnEnter}
        />
        {isAnswering ? (
          <ActionIcon
            size={36}
            color="red.8"
            aria-label="Stop"
            onClick={() => {
              stop()
              field.current?.focus()
            }}
          >
            <IconPlayerStopFilled size={16} aria-hidden />
          </ActionIcon>
        ) : (
          <Guarded reason={readOnly}>
            <ActionIcon size={36} aria-label="Send" disabled={draft.trim() === ''} onClick={submit}>
              <IconArrowUp size={18} aria-hidden />
            </ActionIcon>
          </Guarded>
        )}
      </div>
    </section>
  )
}

/** For screen readers: the state, not every word. */
function Announcement({ chat: { turns } }: { chat: ChatPanelProps['chat'] }) {
  const state = turns.at(-1)?.answer.state
  const words = {
    waiting: 'Waiting for the response',
    streaming: 'Receiving the response',
    done: 'Response complete',
    stopped: 'Stopped',
    failed: '',
  }
  return <VisuallyHidden role="status">{state === undefined ? '' : words[state]}</VisuallyHidden>
}

/** Scrolls to the end while the content grows, unless the user has scrolled away from it. */
function useStickToEnd() {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const isSticking = useRef(true)
  const lastTop = useRef(0)
  useEffect(() => {
    if (content.current === null) return
    const observer = new ResizeObserver(() => {
      if (isSticking.current) box.current?.scrollTo({ top: box.current.scrollHeight })
    })
    observer.observe(content.current)
    return () => observer.disconnect()
  }, [])
  const onScroll = () => {
    if (box.current === null) return
    const { scrollHeight, scrollTop, clientHeight } = box.current
    // The content may grow between a scroll and its event: only scrolling up leaves the end.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS) isSticking.current = true
    else if (scrollTop < lastTop.current) isSticking.current = false
    lastTop.current = scrollTop
  }
  const stick = () => {
    isSticking.current = true
  }
  return { box, content, onScroll, stick }
}
