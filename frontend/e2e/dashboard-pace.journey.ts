import type { WebSocketRoute } from '@playwright/test'
import type { LiveMessage } from '../src/api/live-state'
import { expect, test } from './fixtures'
import { Pace, painted, quantile } from './pace'

/** As many as the built-in ones. */
const NAMES = Array.from({ length: 40 }, (_, index) => `p${String(index).padStart(2, '0')}`)
const UPDATES = 60
const MOST_MS = 16

test.use({
  setup: {
    environment: Object.fromEntries(NAMES.map((name) => [`${name.toUpperCase()}_API_KEY`, `sk-${name}`])),
    configuration: `providers:\n${NAMES.map((name) => `  - {name: ${name}, protocol: openai, base_url: UPSTREAM, default_model: tiny, models: [tiny]}`).join('\n')}`,
  },
})

test('the dashboard renders an update of forty providers in less than a frame', async ({ page, stack }) => {
  await Promise.all(
    NAMES.map((name) =>
      fetch(`${stack.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: `${name}/tiny`, messages: [{ role: 'user', content: 'Hello' }] }),
      }),
    ),
  )
  let connection: WebSocketRoute | undefined
  let first: LiveMessage | undefined
  await page.routeWebSocket(/\/ws/, (route) => {
    connection = route
    route.connectToServer().onMessage((frame) => {
      if (first !== undefined) return
      first = JSON.parse(String(frame)) as LiveMessage
      route.send(frame)
    })
  })
  await page.goto('/')
  const lastRow = page.getByRole('main').getByRole('listitem').filter({ hasText: 'p39' })
  await expect(lastRow).toBeVisible()
  await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
  await expect.poll(() => first).toBeDefined()
  // Where most of the changes are visible.
  await page
    .getByRole('heading', { name: 'Providers' })
    .evaluate((heading) => heading.scrollIntoView({ block: 'start' }))
  await painted(page)

  const pace = await Pace.of(page)
  const slowness = await pace.slowness()
  const spent: number[] = []
  const idle: number[] = []
  for (let round = 0; round < UPDATES; round += 1) {
    const [idleMs] = await pace.spentOn(() => painted(page))
    const [spentMs] = await pace.spentOn(async () => {
      connection?.send(JSON.stringify(changed(first as LiveMessage, round)))
      await painted(page)
    })
    idle.push(idleMs)
    spent.push(spentMs)
  }
  const drainedLast = NAMES[(UPDATES - 1) % NAMES.length] ?? ''
  await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: 'Drained' })).toContainText(drainedLast)
  // Idle frames have a cost, too.
  const idleMedian = quantile(idle, 0.5)
  const [median, slowest] = [quantile(spent, 0.5) - idleMedian, quantile(spent, 0.95) - idleMedian]
  process.stdout.write(
    `An update of ${NAMES.length} providers: median ${median.toFixed(1)} ms, p95 ${slowest.toFixed(1)} ms of the main thread; idle ${idleMedian.toFixed(1)} ms; slowness ${slowness.toFixed(2)}.\n`,
  )
  expect(median).toBeLessThan(MOST_MS * slowness)
})

/** An update that changes every provider and all requests. */
function changed({ providers, requests, status, cursor, at }: LiveMessage, round: number): LiveMessage {
  return {
    type: 'changes',
    cursor,
    at,
    status: status && { ...status, performance: { ...status.performance, in_flight: round } },
    providers: providers
      .filter(({ name }) => NAMES.includes(name))
      .map((provider, index) => ({
        ...provider,
        success_rate: ((round + index) % 100) / 100,
        latency_ms: 500 + round,
        // One moves to the top of the list, and the one before it back.
        status: index === round % NAMES.length ? 'drained' : 'available',
      })),
    requests: requests.map((request, index) => ({
      ...request,
      id: `f${String(round).padStart(7, '0')}${String(index).padStart(24, '0')}`,
      ending: index % 5 === 0 ? 'error' : request.ending,
    })),
  }
}
