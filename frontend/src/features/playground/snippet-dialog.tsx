/** The request that "Send" would make, for a terminal or a program. */
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
    <Modal opened onClose={onClose} title="The same request in code" size="xl">
      <Segmented
        label="Language"
        choices={LANGUAGES.map((one) => ({ value: one, label: one }))}
        value={language}
        onChange={setLanguage}
      />
      <CodeBlock text={text} language={FENCES[language]} />
      <p className={classes.note}>
        {needsKey ? `Put a client key of yours into ${KEY_VARIABLE} first. ` : ''}
        {language === 'Python' && 'pip install openai'}
        {language === 'Node' && 'npm install openai, and save it as an .mjs file'}
      </p>
    </Modal>
  )
}
