/**
 * Untrusted Markdown: HTML is shown as text, only http(s) and mailto addresses become links, and images are not loaded, since their
 * address could leak data.
 */
import { memo } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { CodeBlock } from './code-block'
import classes from './markdown.module.css'

const PLUGINS = [remarkGfm]

const COMPONENTS: Components = {
  a: ({ href, children }) =>
    href === undefined || !/^(https?:|mailto:)/i.test(href) ? (
      <span>{children}</span>
    ) : (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
        {children}
      </a>
    ),
  img: ({ alt, src }) => (
    <span className={classes.picture} title={typeof src === 'string' ? src : undefined}>
      [image not loaded{alt === undefined || alt === '' ? '' : `: ${alt}`}]
    </span>
  ),
  // Below the headings of the page, and on one level: models start with any.
  h1: ({ children }) => <h3 data-large>{children}</h3>,
  h2: ({ children }) => <h3 data-large>{children}</h3>,
  h4: ({ children }) => <h3>{children}</h3>,
  h5: ({ children }) => <h3>{children}</h3>,
  h6: ({ children }) => <h3>{children}</h3>,
  // A task's checkbox, read-only.
  input: ({ checked }) => (
    <span role="img" aria-label={checked === true ? 'done' : 'to do'}>
      {checked === true ? '☑' : '☐'}{' '}
    </span>
  ),
  table: ({ children }) => (
    <div className={classes.tableBox} tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  pre: ({ node }) => {
    const code = node?.children[0]
    if (code?.type !== 'element') return null
    const text = code.children.map((child) => (child.type === 'text' ? child.value : '')).join('')
    const { className } = code.properties
    const language = Array.isArray(className) ? /^language-(.+)$/.exec(String(className[0]))?.[1] : undefined
    return <CodeBlock text={text.replace(/\n$/, '')} language={language} />
  },
}

const RenderedMarkdown = memo(function RenderedMarkdown({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  )
})

export default RenderedMarkdown
