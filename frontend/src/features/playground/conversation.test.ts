import { expect, test } from 'vitest'
import { type Answer, type ConversationEvent, nextTurns, tokensPerSecond } from './conversation'

function answered(firstTokenMs: number, totalMs: number): Answer {
  const events: ConversationEvent[] = [
    { kind: 'sent', id: 1, question: 'Hello?', keep: 0 },
    { kind: 'received', id: 1, events: [{ kind: 'text', text: 'Hello' }], atMs: firstTokenMs },
    { kind: 'received', id: 1, events: [{ kind: 'usage', usage: { input: 12, output: 600 } }], atMs: totalMs },
    { kind: 'ended', id: 1, atMs: totalMs, state: 'done' },
  ]
  return events.reduce(nextTurns, [])[0]?.answer ?? expect.fail()
}

test('the token rate is known for streamed answers and not for those that came at once', () => {
  expect(tokensPerSecond(answered(200, 2_200))).toBe(300)
  expect(tokensPerSecond(answered(200, 201.5))).toBeNull()
})
