/** The first start: the next three steps. */
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
        {hasSandbox
          ? 'The gateway is running. No provider is set up yet.'
          : 'No provider is set up yet: every request fails.'}
      </h2>
      <p className={classes.lead}>
        {hasSandbox
          ? 'Until one is, the sandbox responds to any model name with placeholder text: no key, no cost. It turns off with the first provider.'
          : 'The sandbox, which needs no key, is on only if the gateway listens on localhost, or with AI_ENGINE_SANDBOX=true.'}
      </p>
      <ol className={classes.steps}>
        <Step number={1} title="Add a key to .env">
          <p>
            Such as <Code>OPENAI_API_KEY=sk-…</Code>. It is loaded within a second. Further keys of the same provider
            end in <Code>_2</Code>, <Code>_3</Code> and so on.
          </p>
          <Link to="/providers" className={dashboard.link}>
            All providers and their variables
          </Link>
        </Step>
        <Step number={2} title="Send a request">
          <p>
            {hasSandbox
              ? 'The playground works now, with the sandbox.'
              : 'The playground works as soon as a key is set.'}
          </p>
          <Link to="/playground" className={dashboard.link}>
            Open the playground
          </Link>
        </Step>
        <Step number={3} title="Connect your application">
          <p>
            Any OpenAI client with <Code>{base}</Code> as its base URL.
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
