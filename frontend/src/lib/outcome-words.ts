/** What the ledger's failures, endings, blames and reasons mean: the one table for all pages. */

type OutcomeMeaning = 'ok' | 'degraded' | 'down' | 'neutral'

export interface OutcomeWords {
  /** Two or three words, for a badge or a table. */
  name: string
  /** A sentence or two: what happened, and what to do about it. */
  explanation: string
}

const FAILURES: Record<string, OutcomeWords> = {
  // Of an attempt.
  bad_request: {
    name: 'Bad request',
    explanation: 'The provider rejected the request as invalid. The client has to correct it.',
  },
  content_filter: { name: 'Content filter', explanation: 'The provider’s moderation blocked the content.' },
  context_length: {
    name: 'Context too long',
    explanation: 'The conversation exceeds the model’s context. Shorten it, or use a model with a larger context.',
  },
  invalid_key: {
    name: 'Invalid key',
    explanation:
      'The provider rejected the key. It is out of use and checked again later; replace it if it was revoked.',
  },
  forbidden: {
    name: 'Forbidden',
    explanation: 'The key has no access to this model. Check the permissions of the provider account.',
  },
  quota: {
    name: 'Quota exceeded',
    explanation: 'The account of the key is out of quota. The key is in cooldown until the quota resets or is paid.',
  },
  rate_limit: {
    name: 'Rate limited',
    explanation: 'The provider’s rate limit was reached. The key is in cooldown for this model.',
  },
  model_not_found: {
    name: 'Model not found',
    explanation: 'No provider serves this model, or it was withdrawn.',
  },
  server_error: { name: 'Provider error', explanation: 'The provider failed with an internal error.' },
  malformed_response: { name: 'Malformed response', explanation: 'The provider’s response could not be parsed.' },
  connection_failed: {
    name: 'Connection failed',
    explanation: 'The provider could not be reached: check its DNS name, address and TLS certificate.',
  },
  connection_reset: {
    name: 'Connection reset',
    explanation: 'The provider closed the connection before it responded.',
  },
  timeout: {
    name: 'Timeout',
    explanation: 'The provider did not respond within its time limits, which are set per provider.',
  },
  incomplete_stream: { name: 'Stream interrupted', explanation: 'The response started and broke off before its end.' },
  cancelled: {
    name: 'Cancelled',
    explanation: 'The client disconnected, or the deadline of the request passed. This does not count as a failure.',
  },
  // Of a request that no attempt explains.
  no_provider_configured: {
    name: 'No provider',
    explanation: 'No provider has a key. Add one, such as OPENAI_API_KEY, to .env.',
  },
  no_route_available: {
    name: 'No route available',
    explanation: 'Every provider of the model is flagged, drained, disabled or without a usable key.',
  },
  no_usable_key: {
    name: 'No usable key',
    explanation: 'Every key for the request is invalid or in cooldown.',
  },
  rate_limit_exceeded: {
    name: 'All keys rate limited',
    explanation: 'Every key for this model is in cooldown after a rate limit. Add keys or another provider.',
  },
  model_list_pending: {
    name: 'Models still loading',
    explanation: 'The model was not known yet, and the model list of a provider was still loading.',
  },
  unsupported_by_model: {
    name: 'Not supported',
    explanation: 'No route of the model supports a feature of the request, such as tools or images.',
  },
  upstream_timeout: { name: 'Timeout', explanation: 'The last provider tried did not respond in time.' },
  deadline_exceeded: {
    name: 'Deadline exceeded',
    explanation: 'The client’s deadline, or the longest time for a request, passed before the response.',
  },
  upstream_error: { name: 'All attempts failed', explanation: 'Every attempt at a provider failed.' },
  attempts_failed: { name: 'All attempts failed', explanation: 'Every attempt at a provider failed.' },
  insufficient_quota: { name: 'Budget exceeded', explanation: 'The client key has used up its budget.' },
  invalid_request: { name: 'Invalid request', explanation: 'The request is invalid and was not sent to a provider.' },
  loop_detected: {
    name: 'Request loop',
    explanation: 'The gateway received its own request: the base URL of a provider points to the gateway.',
  },
  internal_error: {
    name: 'Internal error',
    explanation: 'The gateway failed. Its log has the details under the id of this request.',
  },
}

/** A class of failure; one that only a newer gateway knows is shown as it is written. */
export function failureWords(failure: string): OutcomeWords {
  return (
    FAILURES[failure] ?? {
      name: sentenceCase(failure),
      explanation: 'This page has no description of this failure.',
    }
  )
}

/** Every known class, for filters. */
export const FAILURE_CLASSES: readonly string[] = Object.keys(FAILURES)

export const ENDINGS = ['completed', 'client_cancelled', 'upstream_cut', 'rescued', 'error'] as const
export type Ending = (typeof ENDINGS)[number]

const ENDING_WORDS: Record<Ending, OutcomeWords & { meaning: OutcomeMeaning }> = {
  completed: { name: 'Completed', explanation: 'The client received the whole response.', meaning: 'ok' },
  client_cancelled: {
    name: 'Client disconnected',
    explanation: 'The client closed the connection before the response was complete.',
    meaning: 'neutral',
  },
  upstream_cut: {
    name: 'Interrupted',
    explanation: 'The response broke off at the provider; the client received an error in the stream.',
    meaning: 'down',
  },
  rescued: {
    name: 'Rescued',
    explanation: 'The response broke off at one provider, and another continued it.',
    meaning: 'degraded',
  },
  error: { name: 'Failed', explanation: 'The client received an error.', meaning: 'down' },
}

export function endingWords(ending: Ending): OutcomeWords & { meaning: OutcomeMeaning } {
  return ENDING_WORDS[ending]
}

/** A client's own mistake is no alarm; a rate limit is not its mistake. */
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
  request: 'Counts against the request: no further attempt is made.',
  model: 'Counts against the model: a fallback model may be tried.',
  fit: 'The request does not fit this model at this provider: the next candidate is tried.',
  key: 'Counts against the key: another key is tried at once.',
  route: 'Counts against this model at this provider: the next candidate is tried.',
  network: 'Counts against the whole provider.',
}

/** What a failure counts against, as a sentence; `null` for nothing. */
export function blameWords(blame: string | null): string | null {
  return blame === null ? null : (BLAMES[blame] ?? `Counts against: ${blame}.`)
}

const REASONS: Record<string, string> = {
  first_candidate: 'The best candidate.',
  next_key: 'The previous key failed; the provider has another one.',
  next_candidate: 'The previous candidates failed.',
  retry: 'The same route again after a short wait: the failure may be temporary.',
  after_cooldown: 'The same route again after its cooldown.',
  fallback_model: 'Every candidate of the requested model failed.',
  without_hint: 'The provider rejected an optional parameter, so the request was sent without it.',
  without_stream_options: 'The provider rejected stream_options, so the request was sent without it.',
  as_chat: 'The provider does not support the format of the request, so it was sent as a chat completion.',
  without_reasoning: 'The provider could not read the reasoning of earlier turns, so the request was sent without it.',
  test: 'A test from these pages.',
}

/** Why an attempt was made, as a sentence; `null` for a reason without a description. */
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
