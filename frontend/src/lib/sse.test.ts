import { expect, test } from 'vitest'
import { EventParser, eventsOf } from './sse'

const parsed = (text: string) => new EventParser().feed(text)

test('each event gives its data', () => expect(parsed('data: one\n\ndata:two\n\n')).toEqual(['one', 'two']))

test('comments, names and ids are not data, and an event without data is dropped', () =>
  expect(parsed(': keep-alive\n\nevent: ping\nid: 7\n\nevent: x\ndata: y\n\n')).toEqual(['y']))

test('several lines of data are one text, each without one leading space', () =>
  expect(parsed('data:  a\ndata\ndata: b\n\n')).toEqual([' a\n\nb']))

test('an incomplete event is dropped', () => expect(parsed('data: whole\n\ndata: half')).toEqual(['whole']))

test.each(['\n', '\r\n', '\r'])('every line end, split anywhere, gives the same events (%j)', (end) => {
  const text = ['data: {"a":1}', '', ': note', 'data: x', 'data: y', '', 'data: [DONE]', '', ''].join(end)
  for (let at = 0; at <= text.length; at += 1) {
    const parser = new EventParser()
    const events = [...parser.feed(text.slice(0, at)), ...parser.feed(text.slice(at))]
    expect(events).toEqual(['{"a":1}', 'x\ny', '[DONE]'])
  }
})

test('a character of several bytes may be split, and a byte order mark is skipped', async () => {
  const bytes = new TextEncoder().encode('\ufeffdata: żółw 🐢\n\n')
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  const events: string[] = []
  for await (const event of eventsOf(body)) events.push(event)
  expect(events).toEqual(['żółw 🐢'])
})

test('a reader that stops cancels the body', async () => {
  let wasCancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('data: more\n\n'))
    },
    cancel() {
      wasCancelled = true
    },
  })
  for await (const event of eventsOf(body)) {
    expect(event).toBe('more')
    break
  }
  expect(wasCancelled).toBe(true)
})
