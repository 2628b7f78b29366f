/** Code with its language and a copy button. */
import { CopyButton } from '../copy-button'
import classes from './code-block.module.css'

interface CodeBlockProps {
  text: string
  language?: string | undefined
}

export function CodeBlock({ text, language }: CodeBlockProps) {
  return (
    <figure className={classes.block}>
      <figcaption className={classes.head}>
        <span className={classes.language}>{language ?? 'text'}</span>
        <CopyButton text={text} what="code" />
      </figcaption>
      <pre className={classes.code} dir="ltr" tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  )
}
