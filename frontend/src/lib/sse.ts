/** Server-sent events out of a body, however its bytes are cut into pieces. Only the data is read: no gateway of ours names events. */

/**
 * The data of each event, in order. Comments and empty events are left out; an event that the end cuts off is no event.
 * `signal` ends it at once, even where whoever feeds the body does not notice.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  const parser = new EventParser()
  const reader = body.getReader()
  // Nobody waits for it: a body that is over does not mind, and one that hangs may never answer.
  const leave = () => void reader.cancel().catch(() => undefined)
  signal?.addEventListener('abort', leave)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      yield* parser.feed(done ? decoder.decode() : decoder.decode(value, { stream: true }))
      if (done) return
    }
  } finally {
    signal?.removeEventListener('abort', leave)
    leave()
  }
}

export class EventParser {
  #rest = ''
  #data: string[] = []
  #isAfterCarriageReturn = false

  /** The events that are whole after this piece of text. */
  feed(text: string): string[] {
    const events: string[] = []
    // A line end of two characters may be cut in half.
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
