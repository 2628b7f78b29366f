/** The request of "Send" as code. */
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { statusQuery } from '@/api/queries'
import { useReturnFocus } from '@/ui/return-focus'
import { CodeBlock } from '@/ui/markdown/code-block'
import { Segmented } from '@/ui/segmented'
import type { ChatRequest } from './conversation'
import classes from './snippet-dialog.module.css'
import { KEY_VARIABLE, type Language, LANGUAGES, snippet } from './snippets'

const FENCES: Record<Language, string> = { curl: 'bash', Python: 'python', Node: 'javascript' }

export default function SnippetDialog({ request, onClose }: { request: ChatRequest; onClose: () => void }) {
  useReturnFocus()
  const [language, setLanguage] = useState<Language>('curl')
  const { data: status } = useQuery(statusQuery)
  const needsKey = status?.configuration.access !== 'open'
  const text = snippet(language, request, { origin: window.location.origin, needsKey })
  return (
    <Modal opened onClose={onClose} title="Request as code" size="xl">
      <Segmented
        label="Language"
        choices={LANGUAGES.map((one) => ({ value: one, label: one }))}
        value={language}
        onChange={setLanguage}
      />
      <CodeBlock text={text} language={FENCES[language]} />
      <p className={classes.note}>
        {needsKey ? `Set ${KEY_VARIABLE} to a client key first. ` : ''}
        {language === 'Python' && 'pip install openai'}
        {language === 'Node' && 'npm install openai; save as an .mjs file'}
      </p>
    </Modal>
  )
}
