import { expect, test } from 'vitest'
import { errorSentence } from './error-words'
import { GatewayError } from './gateway-error'

test.each([
  [new GatewayError('Slow down.', { status: 429, retryAfterSeconds: 6.2 }), 'Slow down. Try again in 7\u00a0s.'],
  [new GatewayError('It failed.', { status: 500 }), 'It failed. Try again in a moment.'],
  [new GatewayError('No connection.', { status: null }), 'No connection. Check that it is running.'],
  [new GatewayError('Invalid priority.', { status: 400 }), 'Invalid priority.'],
  [new Error('A bug.'), 'A bug.'],
  ['nonsense', 'Unknown error.'],
])('%s is shown with what to do', (error, words) => expect(errorSentence(error)).toBe(words))
