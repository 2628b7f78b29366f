/** What the ledger's classes of failures, endings, blames and reasons mean, in plain words: the one table for all pages. */

/** What a colour may say of an outcome. */
type OutcomeMeaning = 'ok' | 'degraded' | 'down' | 'neutral'

export interface OutcomeWords {
  /** Two or three words, for a badge or a table. */
  name: string
  /** A sentence: what happened, and what to do about it where somebody can. */
  explanation: string
}

const FAILURES: Record<string, OutcomeWords> = {
  // Of an attempt: what a provider did.
  bad_request: {
    name: 'Bad request',
    explanation: 'The provider found the request itself wrong. It goes back to its client, who has to mend it.',
  },
  content_filter: {
    name: 'Content filter',
    explanation: 'The provider’s moderation refused the content. That is between the client and the provider.',
  },
  context_length: {
    name: 'Too long',
    explanation: 'The conversation does not fit into this model’s context. A shorter one, or a larger model, would.',
  },
  invalid_key: {
    name: 'Key not accepted',
    explanation:
      'The provider does not know this key. It is set aside and checked again; replace it if it was revoked.',
  },
  forbidden: {
    name: 'Not allowed',
    explanation: 'The provider knows the key but does not let it use this model. Its account decides that.',
  },
  quota: {
    name: 'Quota spent',
    explanation:
      'The key’s account has nothing left to spend. It rests until the provider’s reset, or until it is paid up.',
  },
  rate_limit: {
    name: 'Rate limited',
    explanation:
      'The provider asked to be asked less often. The key rests for this model as long as the provider said.',
  },
  model_not_found: {
    name: 'Model not found',
    explanation: 'No provider that was asked serves this model, or not any more.',
  },
  server_error: {
    name: 'Provider error',
    explanation: 'The provider failed with an error of its own, which nobody here can mend.',
  },
  malformed_response: {
    name: 'Garbled answer',
    explanation: 'What came back was not an answer that can be understood.',
  },
  connection_failed: {
    name: 'No connection',
    explanation: 'The provider could not be reached: its name, its address, or its certificate.',
  },
  connection_reset: {
    name: 'Connection reset',
    explanation: 'The provider closed the connection before it had answered.',
  },
  timeout: {
    name: 'No answer in time',
    explanation: 'The provider said nothing for longer than its time limits allow. They are set per provider.',
  },
  incomplete_stream: { name: 'Stream cut', explanation: 'The answer had begun and broke off without its end.' },
  cancelled: {
    name: 'Given up',
    explanation:
      'Nobody waited for it any more: the client left, or the request’s own time was over. Nobody’s failure.',
  },
  // Of a request that no attempt explains: what the gateway said by itself.
  no_provider_configured: {
    name: 'No provider',
    explanation: 'No provider has a key. Put one, such as OPENAI_API_KEY, into .env.',
  },
  no_route_available: {
    name: 'All out of rotation',
    explanation: 'The model is known, but every provider of it is flagged, drained, disabled or without a usable key.',
  },
  no_usable_key: {
    name: 'No usable key',
    explanation: 'Every key that could have served the request was refused or rests.',
  },
  rate_limit_exceeded: {
    name: 'All rate limited',
    explanation: 'Every key for this model rests after a rate limit. More keys, or another provider, would help.',
  },
  model_list_pending: {
    name: 'Still discovering',
    explanation: 'The model was not known yet, while a provider had still to list its models.',
  },
  unsupported_by_model: {
    name: 'Not supported',
    explanation: 'No route of the model can do what was asked for, such as tools or images.',
  },
  upstream_timeout: {
    name: 'No answer in time',
    explanation: 'The last provider that was tried did not answer in time.',
  },
  deadline_exceeded: {
    name: 'Out of time',
    explanation: 'The client’s own deadline, or the longest time for a request, passed before there was an answer.',
  },
  upstream_error: { name: 'All attempts failed', explanation: 'Providers were asked, and none gave a sound answer.' },
  attempts_failed: { name: 'All attempts failed', explanation: 'Providers were asked, and none gave a sound answer.' },
  insufficient_quota: { name: 'Budget spent', explanation: 'The client key has spent what it may spend.' },
  invalid_request: { name: 'Bad request', explanation: 'The request was not one that could be sent to anybody.' },
  loop_detected: {
    name: 'Request loop',
    explanation: 'The request was sent by this gateway itself: a provider’s base URL leads back to it.',
  },
  internal_error: {
    name: 'Fault of ours',
    explanation: 'Something broke inside the gateway. Its log tells more, under this request’s id.',
  },
}

/** A class of failure in words; one that a newer gateway may know is shown as it is written. */
export function failureWords(failure: string): OutcomeWords {
  return (
    FAILURES[failure] ?? {
      name: sentenceCase(failure),
      explanation: 'This page knows no more about this kind of failure than its name.',
    }
  )
}

/** Every class that has words, for pickers. */
export const FAILURE_CLASSES: readonly string[] = Object.keys(FAILURES)

export const ENDINGS = ['completed', 'client_cancelled', 'upstream_cut', 'rescued', 'error'] as const
export type Ending = (typeof ENDINGS)[number]

const ENDING_WORDS: Record<Ending, OutcomeWords & { meaning: OutcomeMeaning }> = {
  completed: { name: 'Completed', explanation: 'The client has its whole answer.', meaning: 'ok' },
  client_cancelled: {
    name: 'Client left',
    explanation: 'The client closed the connection before its answer was complete. Nobody’s failure.',
    meaning: 'neutral',
  },
  upstream_cut: {
    name: 'Cut short',
    explanation: 'The answer had begun and broke off at the provider; the client was told so inside the stream.',
    meaning: 'down',
  },
  rescued: {
    name: 'Rescued',
    explanation: 'The answer broke off at one provider and was continued by another.',
    meaning: 'degraded',
  },
  error: { name: 'Failed', explanation: 'The client got an error and no answer.', meaning: 'down' },
}

export function endingWords(ending: Ending): OutcomeWords & { meaning: OutcomeMeaning } {
  return ENDING_WORDS[ending]
}

/** What a badge's colour says: a client's own mistake is told without alarm, and a rate limit is none. */
function outcomeMeaning(ending: Ending, status: number): OutcomeMeaning {
  const isClients = ending === 'error' && status >= 400 && status < 500 && status !== 429
  return isClients ? 'neutral' : ENDING_WORDS[ending].meaning
}

interface Outcome {
  ending: Ending
  failure: string | null
  status: number
}

/** How a request ended: the failure where there is one, else the ending. */
export function outcomeOf({ ending, failure, status }: Outcome): OutcomeWords & { meaning: OutcomeMeaning } {
  const words = ENDING_WORDS[ending]
  const meaning = outcomeMeaning(ending, status)
  if (failure === null) return { ...words, meaning }
  const { name, explanation } = failureWords(failure)
  return { name, explanation: `${words.explanation} ${explanation}`, meaning }
}

const BLAMES: Record<string, string> = {
  request: 'Charged to the request: it is tried nowhere else.',
  model: 'Charged to the model: no other provider of it would help, another model may.',
  key: 'Charged to the key: another key is tried at once.',
  route: 'Charged to this model at this provider: the next candidate is tried.',
  network: 'Charged to the connection: it counts against the whole provider.',
}

/** Who a failure is charged to, as a sentence; `null` where nobody is blamed. */
export function blameWords(blame: string | null): string | null {
  return blame === null ? null : (BLAMES[blame] ?? `Charged to: ${blame}.`)
}

const REASONS: Record<string, string> = {
  first_candidate: 'The best candidate for this request.',
  next_key: 'The key before it failed; the provider has another one.',
  next_candidate: 'The candidates before it had failed.',
  retry: 'The same route again after a short wait: its failure may have been a passing one.',
  after_cooldown: 'The same route again, once its rate limit had ended.',
  fallback_model: 'Every candidate of the model that was asked for had failed.',
  without_stream_options: 'The provider refused to count a stream’s tokens, so it was asked without.',
  as_chat: 'The provider has no path for the request’s own format, so it was asked in a chat.',
  without_reasoning: 'The provider could not read the reasoning of earlier turns, so it was asked without.',
  test: 'An operator’s test from these pages.',
}

/** Why an attempt was made, as a sentence; `null` for an unknown reason. */
export function reasonWords(reason: string): string | null {
  return REASONS[reason] ?? null
}

/** `next_candidate` → `next candidate`. */
export function reasonName(reason: string): string {
  return reason.replaceAll('_', ' ')
}

/** `teapot_error` → `Teapot error`. */
function sentenceCase(word: string): string {
  const text = word.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
