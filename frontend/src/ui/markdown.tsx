/** Text of a model as Markdown, in a chunk of its own; until that is there, and where it never comes, as plain text. */
import { lazy, Suspense } from 'react'
import classes from './markdown/markdown.module.css'

const load = () => import('./markdown/rendered-markdown')
const Loaded = lazy(load)

/** Fetches the chunk ahead, where text is about to come: its first words would else be plain for a moment. */
export function expectMarkdown(): void {
  load().catch(() => undefined)
}

export function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.markdown} dir="auto">
      <Suspense fallback={<p className={classes.plain}>{text}</p>}>
        <Loaded text={text} />
      </Suspense>
    </div>
  )
}
