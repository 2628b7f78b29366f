import { expect, test } from 'vitest'
import { GatewayError } from '@/lib/gateway-error'
import { dataOf } from './client'

test('an answer that broke off is a failure that may pass, in words', async () => {
  const broken = dataOf(Promise.reject(new SyntaxError('Unterminated string in JSON at position 15')))

  await expect(broken).rejects.toMatchObject({ status: 502, code: 'answer_broken', isTransient: true })
  await expect(broken).rejects.toThrow('The answer broke off on its way')
})

test('what the gateway said itself stays as it is, and so does the end of the asking', async () => {
  const refusal = new GatewayError('No.', { status: 403 })
  const ended = new DOMException('', 'AbortError')

  await expect(dataOf(Promise.reject(refusal))).rejects.toBe(refusal)
  await expect(dataOf(Promise.reject(ended))).rejects.toBe(ended)
})

test('an answer that does not end in time is told as such', async () => {
  const late = dataOf(Promise.reject(new DOMException('', 'TimeoutError')))

  await expect(late).rejects.toMatchObject({ status: 408, code: 'timeout' })
})
