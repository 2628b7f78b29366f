/** One route: state, context, prices, capabilities, and a test. */
import { Button, VisuallyHidden } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { TEST_MESSAGE, useProviderTest, useReadOnlyReason } from '@/api/queries'
import { formatCount } from '@/lib/format'
import { providerStateWords } from '@/lib/provider-words'
import { Guarded } from '@/ui/guarded'
import { CopyButton } from '@/ui/copy-button'
import { Term } from '@/ui/facts'
import { BackIn } from '@/ui/flag-reason'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import { TestResult } from '@/ui/test-result'
import { capabilityChoices, exclusionName, type Route } from './model'
import classes from './route-card.module.css'
import { RoutePrice } from './route-price'

export function RouteCard({ route }: { route: Route }) {
  const { name, meaning } = providerStateWords(route.state)
  const test = useProviderTest(route.provider)
  const readOnly = useReadOnlyReason()
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
          <strong>{exclusionName(route.flag.reason)}.</strong> {route.flag.message}
          <BackIn until={route.flag.until} />
        </p>
      )}
      <dl className={classes.facts}>
        <Term name="Context">
          {route.context_tokens === null ? 'unknown' : `${formatCount(route.context_tokens)} tokens`}
        </Term>
        <Term name="Input per 1M">
          <RoutePrice usd={route.input_usd_per_million} />
        </Term>
        <Term name="Output per 1M">
          <RoutePrice usd={route.output_usd_per_million} />
        </Term>
        <Term name="Price source">{route.price_source ?? 'none'}</Term>
      </dl>
      <Capabilities capabilities={route.capabilities} />
      <footer className={classes.foot}>
        <span>{route.is_default && 'Default model of the provider'}</span>
        <Guarded reason={readOnly}>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconSend size={14} aria-hidden />}
            loading={test.isPending}
            onClick={() => test.mutate({ message: TEST_MESSAGE, model: route.name })}
          >
            Send test message
          </Button>
        </Guarded>
      </footer>
      <TestResult test={test} />
    </article>
  )
}

function Capabilities({ capabilities }: Pick<Route, 'capabilities'>) {
  return (
    <ul className={classes.capabilities} aria-label="Capabilities">
      {capabilityChoices.map(({ value: name, label: word }) => {
        const isSupported = capabilities[name]
        return (
          <li key={name} data-supported={isSupported === null ? 'unknown' : isSupported ? 'yes' : 'no'}>
            <span aria-hidden>{isSupported === null ? '?' : isSupported ? '✓' : '✕'}</span> {word}
            <VisuallyHidden>{isSupported === null ? ': unknown' : isSupported ? ': yes' : ': no'}</VisuallyHidden>
          </li>
        )
      })}
    </ul>
  )
}
