/** Server-sent events from a body, however it is split into chunks. Only the data is read: the gateway's events have no names. */

/**
 * The data of each event, in order, without comments and empty events; an incomplete last event is dropped.
 * `signal` ends it at once, even if the body ignores it.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  const parser = new EventParser()
  const reader = body.getReader()
  // Not awaited: a hanging body may never respond.
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal?.addEventListener('abort', cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      yield* parser.feed(done ? decoder.decode() : decoder.decode(value, { stream: true }))
      if (done) return
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
    cancel()
  }
}

export class EventParser {
  #rest = ''
  #data: string[] = []
  #isAfterCarriageReturn = false

  /** The events that are complete after this piece of text. */
  feed(text: string): string[] {
    const events: string[] = []
    // A line end of two characters may be split.
    const piece = this.#isAfterCarriageReturn && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') this.#isAfterCarriageReturn = text.endsWith('\r')
    const lines = (this.#rest + piece).split(/\r\n|\r|\n/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'))
        this.#data = []
      } else if (line === 'data' || line.startsWith('data:')) this.#data.push(line.slice(5).replace(/^ /, ''))
    }
    return events
  }
}
