/**
 * The gateway of a test: typed by the real one's OpenAPI document, so that an answer of a wrong shape does not compile.
 *
 *     fakeGateway.answers('get', '/api/status', aStatus({ generation: 2 }))
 *     fakeGateway.fails('post', '/api/config/reload', 400, { message: 'AI_ENGINE_PORT is invalid.' })
 *     expect(fakeGateway.received('post', '/api/config/reload')).toHaveLength(1)
 *     await fakeGateway.says({ type: 'changes', cursor: 'c2', at: '…', status: aStatus(), providers: [], requests: [] })
 *
 * A request without a configured response fails, and the output of the test says so.
 */
import { waitFor } from '@testing-library/react'
import { delay, http, HttpResponse, ws } from 'msw'
import { setupServer } from 'msw/node'
import type { Schemas } from '@/api/client'
import type { LiveMessage } from '@/api/live-state'
import type { paths } from '@/api/schema.gen'

type Method = 'get' | 'post' | 'patch' | 'delete'
type PathsWith<M extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<M, { responses: unknown }> ? Path : never
}[keyof paths]
type AnswerTo<M extends Method, Path extends PathsWith<M>> =
  paths[Path] extends Record<M, { responses: { 200: { content: { 'application/json': infer Answer } } } }>
    ? Answer
    : never

interface Received {
  url: URL
  body: unknown
}

const origin = 'http://localhost:3000'
const line = ws.link('ws://localhost:3000/ws')
const openMode: Schemas['SessionView'] = { role: 'admin', name: 'local', access: 'open', expires_at: null }
let isConnected = false
// Without authentication, and without messages until a test sends some.
const server = setupServer(
  line.addEventListener('connection', () => {
    isConnected = true
  }),
  http.get(`${origin}/api/session`, () => HttpResponse.json(openMode)),
)
let log = new Map<string, Received[]>()

function route(method: Method, path: string, respond: (url: URL) => Response | Promise<Response>): void {
  const pattern = origin + path.replaceAll(/\{(\w+)\}/g, ':$1')
  // What arrives late belongs to the test that asked.
  const ownLog = log
  server.use(
    http[method](pattern, async ({ request }) => {
      const text = await request.text()
      const seen: Received = { url: new URL(request.url), body: text === '' ? null : (JSON.parse(text) as unknown) }
      ownLog.set(`${method} ${path}`, [...(ownLog.get(`${method} ${path}`) ?? []), seen])
      return respond(seen.url)
    }),
  )
}

export const fakeGateway = {
  start() {
    server.listen({ onUnhandledRequest: 'error' })
  },
  reset() {
    server.resetHandlers()
    log = new Map()
    isConnected = false
  },
  stop() {
    server.close()
  },

  /** Answers from now on, or what a function makes of the address; a later word about the same route wins. */
  answers<M extends Method, Path extends PathsWith<M>>(
    method: M,
    path: Path,
    answer: AnswerTo<M, Path> | ((url: URL) => AnswerTo<M, Path>),
  ): void {
    route(method, path, (url) =>
      HttpResponse.json((typeof answer === 'function' ? (answer as (url: URL) => unknown)(url) : answer) as object),
    )
  },

  /** Fails as the gateway does, in its error shape. */
  fails<M extends Method>(
    method: M,
    path: PathsWith<M>,
    status: number,
    error: { message: string; type?: string; code?: string; param?: string },
    headers: Record<string, string> = {},
  ): void {
    const body = { error: { type: 'error', param: null, code: null, ...error } }
    route(method, path, () => HttpResponse.json(body, { status, headers }))
  },

  /** The gateway cannot be reached. */
  isGone<M extends Method>(method: M, path: PathsWith<M>): void {
    route(method, path, () => HttpResponse.error())
  },

  /** Takes the request and never answers. */
  hangs<M extends Method>(method: M, path: PathsWith<M>): void {
    route(method, path, async () => {
      await delay('infinite')
      return HttpResponse.error()
    })
  },

  /** Answers with a stream of events that the test sends, ends, or cuts. */
  streams<M extends Method>(method: M, path: PathsWith<M>, headers: Record<string, string> = {}) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    // The reader may stop at any time.
    writer.closed.catch(() => undefined)
    route(
      method,
      path,
      () => new HttpResponse(readable, { headers: { 'content-type': 'text/event-stream', ...headers } }),
    )
    return {
      send: (event: object | string) => {
        const data = typeof event === 'string' ? event : JSON.stringify(event)
        void writer.write(new TextEncoder().encode(`data: ${data}\n\n`)).catch(() => undefined)
      },
      end: () => void writer.close().catch(() => undefined),
      cut: () => void writer.abort(new Error('cut')).catch(() => undefined),
    }
  },

  /** Sends a message on the live connection, once the page has one. */
  async says(message: LiveMessage): Promise<void> {
    await waitFor(() => {
      if (!isConnected) throw new Error('the page has made no live connection')
    })
    line.broadcast(JSON.stringify(message))
  },

  /** What came, in order. */
  received<M extends Method>(method: M, path: PathsWith<M>): Received[] {
    return log.get(`${method} ${path}`) ?? []
  },
}
