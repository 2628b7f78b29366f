/** Playground: a chat through the gateway, with routing and timing for each response. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCode, IconTrash } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { usePageUrl } from '@/lib/page-url'
import { PageHeader } from '@/ui/page-header'
import { ChatPanel } from './chat-panel'
import { messagesOf, requestOf } from './conversation'
import classes from './playground-page.module.css'
import { SettingsPanel } from './settings-panel'
import { useChat } from './use-chat'

const SnippetDialog = lazy(() => import('./snippet-dialog'))
const EXAMPLE = 'Hello!'

export function PlaygroundPage() {
  const [settings, change] = usePageUrl('/playground')
  const [system, setSystem] = useState('')
  const [draft, setDraft] = useState('')
  const [isShowingCode, code] = useDisclosure(false)
  const chat = useChat(settings, system)
  const { turns } = chat
  // The request of the next "Send"; without a draft, the last one that was sent.
  const [before, question] =
    draft.trim() === '' ? [turns.slice(0, -1), turns.at(-1)?.question ?? EXAMPLE] : [turns, draft]
  return (
    <>
      <PageHeader
        title="Playground"
        description="Chat through this gateway like any client, with routing and timing for each response."
        actions={
          <>
            <Button variant="default" leftSection={<IconCode size={16} aria-hidden />} onClick={code.open}>
              Copy as code
            </Button>
            <Button
              variant="default"
              leftSection={<IconTrash size={16} aria-hidden />}
              disabled={turns.length === 0}
              onClick={chat.clear}
            >
              Clear
            </Button>
          </>
        }
      />
      <div className={classes.columns}>
        <ChatPanel chat={chat} draft={draft} onDraft={setDraft} />
        <SettingsPanel
          settings={settings}
          system={system}
          onChange={(changed) => change(changed, false)}
          onSystem={setSystem}
        />
      </div>
      {isShowingCode && (
        <Suspense>
          <SnippetDialog request={requestOf(settings, messagesOf(system, before, question))} onClose={code.close} />
        </Suspense>
      )}
    </>
  )
}
