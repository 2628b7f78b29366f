/** Text of a model as Markdown, in a chunk of its own; as plain text until that is loaded. */
import { lazy, Suspense } from 'react'
import classes from './markdown/markdown.module.css'

const load = () => import('./markdown/rendered-markdown')
const Loaded = lazy(load)

/** Loads the chunk before the first text arrives. */
export function preloadMarkdown(): void {
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
