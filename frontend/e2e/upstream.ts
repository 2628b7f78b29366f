/** A scripted provider with OpenAI's API, without a model. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ChatRequest {
  model?: string
  stream?: boolean
}

export class ScriptedUpstream {
  /** The keys of the chats, in order. */
  readonly keys: string[] = []
  /** The response of its models. */
  answer = 'Hello from the provider.'
  /** The message of its errors. */
  refusal = 'Rejected by the journey.'
  /** The delay of its responses. */
  delayMs = () => 0
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

  /** Chats with this key fail with this status. */
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
      // The configuration has the models: this only checks the key.
      sendJson(response, 200, { object: 'list', data: [] })
      return
    }
    this.keys.push(key)
    await new Promise((resolve) => setTimeout(resolve, this.delayMs()))
    const refusal = this.#refused.get(key)
    if (refusal !== undefined) sendJson(response, refusal, { error: { message: this.refusal, type: 'refused' } })
    else this.#respond(JSON.parse(body) as ChatRequest, response)
  }

  #respond({ model, stream }: ChatRequest, response: ServerResponse): void {
    const about = { id: 'chat-1', created: 1_790_000_000, model }
    const usage = { prompt_tokens: 12, completion_tokens: 6, total_tokens: 18 }
    if (stream !== true) {
      const message = { role: 'assistant', content: this.answer }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      sendJson(response, 200, { ...about, object: 'chat.completion', choices, usage })
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (choices: unknown[], more = {}) =>
      response.write(`data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', choices, ...more })}\n\n`)
    for (const content of this.answer.split(/(?<=\s)/)) send([{ index: 0, delta: { content }, finish_reason: null }])
    send([{ index: 0, delta: {}, finish_reason: 'stop' }])
    send([], { usage })
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
