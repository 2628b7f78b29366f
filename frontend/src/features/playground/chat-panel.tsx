/** The conversation and the field that goes on with it. */
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
  const { turns, ask, stop, isAnswering } = chat
  const { box, content, noteScroll, follow } = useFollowing()
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(preloadMarkdown, [])
  const readOnly = useIsViewer() ? 'A viewer’s key may look and not ask: sign in with an admin’s to ask.' : null
  const send = () => {
    if (draft.trim() === '' || isAnswering || readOnly !== null) return
    follow()
    onDraft('')
    void ask(draft)
  }
  const sendOnEnter = (event: KeyboardEvent) => {
    // Enter that ends the writing of a word in another script does not send it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <section className={classes.panel} aria-label="Conversation">
      <div ref={box} className={classes.turns} role="group" aria-label="Messages" tabIndex={0} onScroll={noteScroll}>
        <div ref={content}>
          {turns.length === 0 ? (
            <EmptyState
              icon={IconMessageChatbot}
              title="Nothing asked yet"
              action={
                <div className={classes.examples}>
                  {EXAMPLES.map((example) => (
                    <Guarded key={example} readOnly={readOnly}>
                      <Button variant="default" size="xs" fw={450} onClick={() => void ask(example)}>
                        {example}
                      </Button>
                    </Guarded>
                  ))}
                </div>
              }
            >
              {readOnly ?? 'Messages stay in this page and are gone when it is left.'}
            </EmptyState>
          ) : (
            turns.map((turn, index) => (
              <TurnView
                key={turn.id}
                turn={turn}
                isLast={index === turns.length - 1}
                onAsk={(question) => {
                  follow()
                  void ask(question, index)
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
          title="Enter sends, Shift Enter begins a line"
          placeholder="Ask something …"
          autosize
          minRows={1}
          maxRows={8}
          dir="auto"
          value={draft}
          onChange={(event) => onDraft(event.currentTarget.value)}
          onKeyDown={sendOnEnter}
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
            <ActionIcon size={36} aria-label="Send" disabled={draft.trim() === ''} onClick={send}>
              <IconArrowUp size={18} aria-hidden />
            </ActionIcon>
          </Guarded>
        )}
      </div>
    </section>
  )
}

/** For those who hear the page: that something happens, not every word of it. */
function Announcement({ chat: { turns } }: { chat: ChatPanelProps['chat'] }) {
  const state = turns.at(-1)?.answer.state
  const words = {
    waiting: 'Waiting for an answer',
    streaming: 'Answering',
    done: 'Answer complete',
    stopped: 'Stopped',
    failed: '',
  }
  return <VisuallyHidden role="status">{state === undefined ? '' : words[state]}</VisuallyHidden>
}

/** The end stays in sight while the content grows, unless the reader has scrolled away from it. */
function useFollowing() {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const isFollowing = useRef(true)
  const lastTop = useRef(0)
  useEffect(() => {
    if (content.current === null) return
    const observer = new ResizeObserver(() => {
      if (isFollowing.current) box.current?.scrollTo({ top: box.current.scrollHeight })
    })
    observer.observe(content.current)
    return () => observer.disconnect()
  }, [])
  const noteScroll = () => {
    if (box.current === null) return
    const { scrollHeight, scrollTop, clientHeight } = box.current
    // Between a scroll and the news of it the answer may have grown: only who goes back has left the end.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS) isFollowing.current = true
    else if (scrollTop < lastTop.current) isFollowing.current = false
    lastTop.current = scrollTop
  }
  const follow = () => {
    isFollowing.current = true
  }
  return { box, content, noteScroll, follow }
}
