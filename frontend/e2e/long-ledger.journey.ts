import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures'
import { Pace, quantile } from './pace'
import { PYTHON, ROOT } from './stack'

const ROWS = 10_000
/** The visible rows and a few above and below. */
const MOST_ELEMENTS = 80
/** Ten rows per frame: the whole ledger in half a minute. */
const PIXELS_A_FRAME = 400
const ROW_PIXELS = 40
const FRAME_MS = 1000 / 60

test.use({
  setup: [
    // Playwright reads from the braces that it needs no fixture.
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'ai-engine-ledger-'))
      const database = `sqlite:///${join(folder, 'ledger.db')}`
      const words = ['ledger_rows.py', '--database', database, '--rows', String(ROWS), '--days', '2']
      await promisify(execFile)(PYTHON, words, { cwd: join(ROOT, 'benchmarks') })
      await use({ environment: { AI_ENGINE_DATABASE_URL: database } })
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
})

test('ten thousand requests scroll smoothly to the last, each once and in order', async ({ page, stack }) => {
  const ledger = await wholeLedger(stack.url)
  expect(ledger.length).toBeGreaterThanOrEqual(ROWS)
  await page.goto('/requests')
  await expect(page.getByRole('table').getByRole('row').nth(20)).toBeVisible()

  const pace = await Pace.of(page)
  const slowness = await pace.slowness()
  const seen = new Map<number, string>()
  const moved: number[] = []
  const frames: number[] = []
  const usual: number[] = []
  const costs: number[] = []
  let [mostElements, gaps] = [0, 0]
  for (let isOver = false; !isOver;) {
    const [spent, part] = await pace.spentOn(() => scrolledOn(page))
    isOver = part.isOver
    usual.push(...(await repaintedFrames(page)))
    costs.push(spent / part.frames.length)
    frames.push(...part.frames)
    mostElements = Math.max(mostElements, part.mostElements)
    gaps += part.gaps
    for (const [index, at] of part.rows) {
      // A row that is seen again is the same one.
      if ((seen.get(index) ?? at) !== at) moved.push(index)
      seen.set(index, at)
    }
  }
  process.stdout.write(
    `${seen.size} rows in ${frames.length} frames: a frame each ${quantile(frames, 0.5).toFixed(1)} ms (median; p95 ${quantile(frames, 0.95).toFixed(1)} ms), of which the main thread works ${quantile(costs, 0.5).toFixed(1)} ms (median; p95 ${quantile(costs, 0.95).toFixed(1)} ms); at most ${mostElements} rows in the document; slowness ${slowness.toFixed(2)}.\n`,
  )
  await expect(page.getByText(`${ledger.length.toLocaleString('en')} requests in total.`)).toBeVisible()
  expect(moved).toEqual([])
  // Row 1 is the head.
  expect(Array.from({ length: ledger.length }, (_, index) => seen.get(index + 2))).toEqual(ledger)
  expect(seen.size).toBe(ledger.length)
  expect(gaps).toBe(0)
  expect(mostElements).toBeLessThan(MOST_ELEMENTS)
  expect(quantile(costs, 0.5)).toBeLessThan(FRAME_MS * slowness)
  // A busy machine is late with every frame, whatever is in it.
  expect(quantile(frames, 0.5)).toBeLessThan(1.5 * Math.max(FRAME_MS * slowness, quantile(usual, 0.5)))
})

/** When each request was received, newest first, by the API. */
async function wholeLedger(url: string): Promise<string[]> {
  const received: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await fetch(`${url}/api/requests?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`)
    const page = (await answer.json()) as { items: { received_at: string }[]; next_cursor: string | null }
    received.push(...page.items.map(({ received_at }) => received_at))
    cursor = page.next_cursor
  }
  return received
}

/** From each frame to the next, where the whole window is painted anew and nothing of the page is at work. */
function repaintedFrames(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
    const frames: number[] = []
    let before = await frame()
    for (let round = 0; round < 10; round += 1) {
      document.body.style.opacity = round % 2 === 0 ? '0.99' : ''
      const now = await frame()
      frames.push(now - before)
      before = now
    }
    return frames
  })
}

interface Part {
  /** Each rendered row, by its index in the table. */
  rows: [index: number, receivedAt: string][]
  /** From each frame to the next, in milliseconds. */
  frames: number[]
  mostElements: number
  /** Frames in which a visible row was not rendered. */
  gaps: number
  isOver: boolean
}

/** Scrolls for a few dozen frames, and waits at the end of the loaded rows. */
function scrolledOn(page: Page): Promise<Part> {
  return page.getByRole('group', { name: 'Requests, newest first' }).evaluate(
    async (box: HTMLElement, { pixels, rowHeight }) => {
      const part: Part = { rows: [], frames: [], mostElements: 0, gaps: 0, isOver: false }
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
      let before = await frame()
      while (part.frames.length < 40 && !part.isOver) {
        box.scrollTop += pixels
        const now = await frame()
        part.frames.push(now - before)
        before = now
        const rows = box.querySelectorAll<HTMLElement>('tbody tr[aria-rowindex]')
        part.mostElements = Math.max(part.mostElements, rows.length)
        for (const row of rows) part.rows.push([Number(row.ariaRowIndex), row.querySelector('time')?.dateTime ?? ''])
        const firstVisible = Math.floor(box.scrollTop / rowHeight)
        const lastVisible = Math.min(
          Math.floor((box.scrollTop + box.clientHeight) / rowHeight) - 1,
          Number(box.querySelector('table')?.ariaRowCount) - 2,
        )
        const rendered = new Set([...rows].map((row) => Number(row.ariaRowIndex)))
        // Row 1 is the head.
        const isComplete = [firstVisible, lastVisible].every((index) => rendered.has(index + 2))
        if (!isComplete) part.gaps += 1
        const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 1
        part.isOver = isAtEnd && box.innerText.includes('requests in total')
      }
      return part
    },
    { pixels: PIXELS_A_FRAME, rowHeight: ROW_PIXELS },
  )
}
