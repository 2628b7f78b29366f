import { expect, test } from 'vitest'
import { errorSentence } from './error-sentence'
import { GatewayError } from './gateway-error'

test.each([
  [
    new GatewayError('Slower, please.', { status: 429, retryAfterSeconds: 6.2 }),
    'Slower, please. Try again in 7\u00a0s.',
  ],
  [new GatewayError('It broke.', { status: 500 }), 'It broke. Try again in a moment.'],
  [new GatewayError('Nobody there.', { status: null }), 'Nobody there. Is it running? Try again once it is.'],
  [new GatewayError('Not with this priority.', { status: 400 }), 'Not with this priority.'],
  [new Error('A fault of ours.'), 'A fault of ours.'],
  ['nonsense', 'The gateway did not say why.'],
])('%s is told with what to do', (error, words) => {
  expect(errorSentence(error)).toBe(words)
})
