/** A provider that does what a journey tells it to: OpenAI's protocol over a real socket, with no model behind it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Question {
  model?: string
  stream?: boolean
}

export class ScriptedUpstream {
  /** The keys that chats came with, in order. */
  readonly keys: string[] = []
  /** What its models say. */
  answer = 'Hello from the provider.'
  /** What it says where it refuses. */
  refusal = 'Refused, as the journey said.'
  /** How long it thinks before it answers. */
  thinkMs = () => 0
  readonly #refused = new Map<string, number>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream()
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** From now on chats with this key fail with this status. */
  refuse(key: string, status: number): void {
    this.#refused.set(key, status)
  }

  accept(key: string): void {
    this.#refused.delete(key)
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const body = await textOf(request)
    if (request.method === 'GET') {
      // The configuration names the models; asked for is only whether a key is good.
      sendJson(response, 200, { object: 'list', data: [] })
      return
    }
    this.keys.push(key)
    await new Promise((resolve) => setTimeout(resolve, this.thinkMs()))
    const refusal = this.#refused.get(key)
    if (refusal !== undefined) sendJson(response, refusal, { error: { message: this.refusal, type: 'refused' } })
    else this.#say(JSON.parse(body) as Question, response)
  }

  #say({ model, stream }: Question, response: ServerResponse): void {
    const about = { id: 'chat-1', created: 1_790_000_000, model }
    const usage = { prompt_tokens: 12, completion_tokens: 6, total_tokens: 18 }
    if (stream !== true) {
      const message = { role: 'assistant', content: this.answer }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      sendJson(response, 200, { ...about, object: 'chat.completion', choices, usage })
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const say = (choices: unknown[], more = {}) =>
      response.write(`data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', choices, ...more })}\n\n`)
    for (const content of this.answer.split(/(?<=\s)/)) say([{ index: 0, delta: { content }, finish_reason: null }])
    say([{ index: 0, delta: {}, finish_reason: 'stop' }])
    say([], { usage })
    response.end('data: [DONE]\n\n')
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += String(part)
  return text
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
