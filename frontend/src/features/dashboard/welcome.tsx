/** The first start: what is there already, and the three things that lead on. */
import { Code } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { CopyButton } from '@/ui/copy-button'
import dashboard from './dashboard.module.css'
import classes from './welcome.module.css'

export function Welcome({ hasSandbox }: { hasSandbox: boolean }) {
  const base = `${window.location.origin}/v1`
  const command = `curl ${base}/chat/completions -H 'content-type: application/json' -d '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'`
  return (
    <section className={classes.welcome} aria-labelledby="welcome">
      <h2 id="welcome" className={classes.title}>
        {hasSandbox ? 'The gateway runs. No provider is set up yet.' : 'No provider is set up, so nobody answers yet.'}
      </h2>
      <p className={classes.lead}>
        {hasSandbox
          ? 'Until one is, the sandbox answers: any model name, made-up text, no key and no cost. It steps aside by itself.'
          : 'The sandbox, which needs no key, answers only where the gateway listens on its own machine, or where it is told to.'}
      </p>
      <ol className={classes.steps}>
        <Step number={1} title="Put a key into .env">
          <p>
            Such as <Code>OPENAI_API_KEY=sk-…</Code>. It is taken up within a second. More keys of one provider end in{' '}
            <Code>_2</Code>, <Code>_3</Code> and so on.
          </p>
          <Link to="/providers" className={dashboard.link}>
            Every provider and its variable
          </Link>
        </Step>
        <Step number={2} title="Ask something">
          <p>
            {hasSandbox
              ? 'The playground works at once, with the sandbox.'
              : 'The playground works once a key is there.'}
          </p>
          <Link to="/playground" className={dashboard.link}>
            Open the playground
          </Link>
        </Step>
        <Step number={3} title="Point your program here">
          <p>
            Any OpenAI client, with <Code>{base}</Code> as its base URL.
          </p>
          <CopyButton text={command} what="a curl command" isLabelled />
        </Step>
      </ol>
    </section>
  )
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className={classes.step}>
      <span className={classes.number} aria-hidden>
        {number}
      </span>
      <h3 className={classes.stepTitle}>{title}</h3>
      <div className={classes.text}>{children}</div>
    </li>
  )
}
