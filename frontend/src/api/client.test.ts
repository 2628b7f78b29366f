import { expect, test } from 'vitest'
import { GatewayError } from '@/lib/gateway-error'
import { dataOf } from './client'

test('a response that breaks off is a transient error with a message', async () => {
  const broken = dataOf(Promise.reject(new SyntaxError('Unterminated string in JSON at position 15')))

  await expect(broken).rejects.toMatchObject({ status: 502, code: 'response_broken', isTransient: true })
  await expect(broken).rejects.toThrow('The response broke off')
})

test('errors of the gateway and aborts are passed on unchanged', async () => {
  const refusal = new GatewayError('No.', { status: 403 })
  const ended = new DOMException('', 'AbortError')

  await expect(dataOf(Promise.reject(refusal))).rejects.toBe(refusal)
  await expect(dataOf(Promise.reject(ended))).rejects.toBe(ended)
})

test('a response that does not end in time is a timeout', async () => {
  const late = dataOf(Promise.reject(new DOMException('', 'TimeoutError')))

  await expect(late).rejects.toMatchObject({ status: 408, code: 'timeout' })
})
