/** One route: facts, prices, how it stands, and a real message sent there. */
import { Button } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { formatCount } from '@/lib/format'
import { useWhyNotChange } from '@/api/queries'
import { Allowed } from '@/ui/allowed'
import { CopyButton } from '@/ui/copy-button'
import { Countdown } from '@/ui/figures'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import { providerStateWords } from '@/lib/provider-words'
import { leftOutWords, type Route } from './model'
import classes from './route-card.module.css'
import { Attempts } from './attempts'
import { RoutePrice } from './route-price'
import { useRouteTest } from './queries'
import { TrialAnswer, TrialError } from './trial'

export function RouteCard({ route }: { route: Route }) {
  const { name, meaning } = providerStateWords(route.state)
  const test = useRouteTest()
  const whyNot = useWhyNotChange()
  return (
    <article className={classes.card} aria-label={route.id}>
      <header className={classes.head}>
        <ProviderMark name={route.provider} />
        <div className={classes.names}>
          <strong>{route.provider}</strong>
          <span className={classes.own} dir="auto">
            {route.name} <CopyButton text={route.id} what={`${route.provider}’s route`} />
          </span>
        </div>
        <StatusBadge meaning={meaning}>{name}</StatusBadge>
      </header>
      {route.flag !== null && (
        <p className={classes.flag} dir="auto">
          <strong>{leftOutWords(route.flag.reason)}.</strong> {route.flag.message}
          {route.flag.until !== null && (
            <>
              {' · back in '}
              <Countdown until={route.flag.until} />
            </>
          )}
        </p>
      )}
      <dl className={classes.facts}>
        <Fact name="Context">
          {route.context_tokens === null ? 'nobody says' : `${formatCount(route.context_tokens)} tokens`}
        </Fact>
        <Fact name="Input, a million">
          <RoutePrice usd={route.input_usd_per_million} />
        </Fact>
        <Fact name="Output, a million">
          <RoutePrice usd={route.output_usd_per_million} />
        </Fact>
        <Fact name="Price from">{route.price_source ?? 'nobody'}</Fact>
      </dl>
      <Capabilities capabilities={route.capabilities} />
      <footer className={classes.foot}>
        <span>{route.is_default && 'The provider’s default model.'}</span>
        <Allowed whyNot={whyNot}>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconSend size={14} aria-hidden />}
            loading={test.isPending}
            onClick={() => test.mutate({ provider: route.provider, model: route.name })}
          >
            Send a test message
          </Button>
        </Allowed>
      </footer>
      <div role="status">
        {test.error !== null && <TrialError error={test.error} />}
        {test.data && (
          <>
            <TrialAnswer
              answer={{
                success: test.data.success,
                text: test.data.response,
                error: test.data.error,
                latencyMs: test.data.latency_ms,
                firstTokenMs: test.data.ttft_ms,
                usage: test.data.usage,
                keyFingerprint: test.data.key,
              }}
            />
            {test.data.attempts.length > 1 && <Attempts attempts={test.data.attempts} />}
          </>
        )}
      </div>
    </article>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const WORDS = [
  ['tools', 'Tools'],
  ['images', 'Images'],
  ['json_schema', 'JSON schema'],
  ['reasoning', 'Reasoning'],
] as const

function Capabilities({ capabilities }: Pick<Route, 'capabilities'>) {
  return (
    <ul className={classes.capabilities} aria-label="Takes">
      {WORDS.map(([name, word]) => {
        const takes = capabilities[name]
        return (
          <li key={name} data-takes={takes === null ? 'unknown' : takes ? 'yes' : 'no'}>
            <span aria-hidden>{takes === null ? '?' : takes ? '✓' : '✕'}</span> {word}
            <span className={classes.said}>{takes === null ? ': nobody says' : takes ? ': yes' : ': no'}</span>
          </li>
        )
      })}
    </ul>
  )
}
