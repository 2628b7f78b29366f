/** The candidates in order with the parts of their scores as bars, and the excluded routes. */
import type { Schemas } from '@/api/client'
import { formatSeconds } from '@/lib/format'
import { Bar } from '@/ui/bar'
import { Duration, Money } from '@/ui/figures'
import { BackIn } from '@/ui/flag-reason'
import { EmptyState } from '@/ui/messages'
import { ProviderMark } from '@/ui/provider-mark'
import { StatusBadge } from '@/ui/status-badge'
import { Tooltip } from '@/ui/tooltip'
import classes from './explained.module.css'
import { isFree, exclusionDetail, exclusionName, matchWords, orderWords, SCORE_PARTS } from './model'

type Explanation = Schemas['Explanation']

interface ExplainedProps {
  explanation: Explanation
  onExplain: (name: string) => void
}

export function Explained({ explanation, onExplain }: ExplainedProps) {
  const { candidates, excluded, weights } = explanation
  return (
    <div className={classes.explained}>
      <Summary explanation={explanation} onExplain={onExplain} />
      {candidates.length === 0 ? (
        <EmptyState title="No candidate is available">
          The model is known, but all of its routes are excluded. A request fails with an error that says when to retry.
        </EmptyState>
      ) : (
        <ol aria-label="Candidates in order">
          {candidates.map((candidate, index) => (
            <CandidateRow
              key={`${candidate.provider}/${candidate.model}`}
              candidate={candidate}
              place={index + 1}
              weights={weights}
            />
          ))}
        </ol>
      )}
      {excluded.length > 0 && <Excluded routes={excluded} />}
    </div>
  )
}

function Summary({ explanation, onExplain }: ExplainedProps) {
  const { family, pinned_to, order, formula, fallbacks, catalogue_age_seconds } = explanation
  return (
    <p className={classes.summary}>
      {pinned_to !== null && (
        <>
          Pinned to <strong dir="auto">{pinned_to}</strong>: no other provider is tried.{' '}
        </>
      )}
      {family !== null && (
        <>
          No model has this exact name. It is the family <strong dir="auto">{family}</strong>; its best member is
          used.{' '}
        </>
      )}
      {orderWords(order)} Score = {formula}.{' '}
      {fallbacks.length > 0 && (
        <>
          Fallbacks:{' '}
          {fallbacks.map((name, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <button type="button" className={classes.fallback} onClick={() => onExplain(name)}>
                <bdi>{name}</bdi>
              </button>
            </span>
          ))}
          .{' '}
        </>
      )}
      Catalogue updated {formatSeconds(catalogue_age_seconds)} ago.
    </p>
  )
}

interface CandidateRowProps {
  candidate: Schemas['CandidateView']
  place: number
  weights: Explanation['weights']
}

function CandidateRow({ candidate, place, weights }: CandidateRowProps) {
  const { provider, model, matched, score, first_token_seconds, usd_per_million_tokens } = candidate
  return (
    <li className={classes.candidate} aria-label={`${provider}/${model}`}>
      <span className={classes.place}>{place}</span>
      <div className={classes.route}>
        <ProviderMark name={provider} size="sm" />
        <div className={classes.names}>
          <RouteName provider={provider} model={model} />
          <span className={classes.facts}>
            {matchWords(matched)} ·{' '}
            {first_token_seconds === null ? (
              'speed not measured'
            ) : (
              <>
                first token <Duration ms={first_token_seconds * 1000} />
              </>
            )}{' '}
            · {usd_per_million_tokens === null ? 'price unknown' : <Price usd={usd_per_million_tokens} />}
          </span>
        </div>
      </div>
      <dl className={classes.parts}>
        {SCORE_PARTS.map(({ part, name, meaning }) => (
          <Part key={part} name={name} meaning={meaning} value={score[part]} weight={weights[part] ?? 0} />
        ))}
      </dl>
      <div className={classes.total}>
        <span>Score</span>
        <strong>{score.total.toFixed(2)}</strong>
      </div>
    </li>
  )
}

function RouteName({ provider, model }: { provider: string; model: string }) {
  return (
    <span className={classes.name} dir="auto">
      <strong dir="auto">{provider}</strong> <bdi>{model}</bdi>
    </span>
  )
}

function Price({ usd }: { usd: string }) {
  return isFree(usd) ? (
    <>free</>
  ) : (
    <>
      <Money usd={usd} /> per 1M tokens
    </>
  )
}

/** A part with weight 0 is faint. */
function Part({ name, meaning, value, weight }: { name: string; meaning: string; value: number; weight: number }) {
  return (
    <Tooltip label={meaning}>
      <div className={classes.part} data-unweighted={weight === 0 || undefined}>
        <dt>
          {name} <span className={classes.weight}>× {weight}</span>
        </dt>
        <dd>
          {value.toFixed(2)}
          <Bar share={value} meaning={weight === 0 ? 'neutral' : 'accent'} />
        </dd>
      </div>
    </Tooltip>
  )
}

function Excluded({ routes }: { routes: Explanation['excluded'] }) {
  return (
    <section aria-label="Excluded">
      <h3 className={classes.heading}>Excluded</h3>
      <ul className={classes.excluded}>
        {routes.map(({ provider, model, reason, cause, detail, until }) => (
          <li key={`${provider}/${model}`}>
            <ProviderMark name={provider} size="sm" />
            <div className={classes.names}>
              <RouteName provider={provider} model={model} />
              <span className={classes.facts} dir="auto">
                {exclusionDetail(reason, cause, detail)}
                <BackIn until={until} />
              </span>
            </div>
            <StatusBadge meaning={until === null ? 'neutral' : 'degraded'}>{exclusionName(reason)}</StatusBadge>
          </li>
        ))}
      </ul>
    </section>
  )
}
