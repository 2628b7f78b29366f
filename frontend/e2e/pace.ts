/** The cost of an update: the main thread's own time, measured by the browser. */
import type { CDPSession, Page } from '@playwright/test'

/** The time of `someWork` on the machine of docs/performance.md, in milliseconds. */
const SOME_WORK_MS = 13

export class Pace {
  readonly #session: CDPSession
  readonly #page: Page

  private constructor(session: CDPSession, page: Page) {
    this.#session = session
    this.#page = page
  }

  static async of(page: Page): Promise<Pace> {
    const session = await page.context().newCDPSession(page)
    // The running time of the thread, without other processes.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    return new Pace(session, page)
  }

  /** The main thread's work (scripts, styles, layout, paint) during `update`, in milliseconds. */
  async spentOn<Result>(update: () => Promise<Result>): Promise<[spentMs: number, result: Result]> {
    const before = await this.#taskSeconds()
    const result = await update()
    return [((await this.#taskSeconds()) - before) * 1000, result]
  }

  /**
   * How much slower this machine is than that of the budgets, now; at least 1. Budgets in milliseconds are multiplied by it.
   */
  async slowness(): Promise<number> {
    const spent: number[] = []
    for (let round = 0; round < 15; round += 1) spent.push((await this.spentOn(() => this.#page.evaluate(someWork)))[0])
    return Math.max(1, quantile(spent, 0.5) / SOME_WORK_MS)
  }

  async #taskSeconds(): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN
  }
}

/** Work like that of a page: temporary objects, and elements that are built, styled, laid out and removed. */
function someWork(): number {
  const rows = Array.from({ length: 2_000 }, (_, index) => ({ id: (index * 7919) % 2_000, text: `row ${index}` }))
  const copies = JSON.parse(JSON.stringify(rows)) as typeof rows
  copies.sort((one, other) => one.id - other.id)
  const box = document.createElement('div')
  box.style.cssText = 'position: absolute; visibility: hidden; width: 600px'
  for (const { text } of copies.slice(0, 600)) {
    const row = document.createElement('div')
    row.className = 'row'
    for (const word of text.split(' ')) row.append(Object.assign(document.createElement('span'), { textContent: word }))
    box.append(row)
  }
  document.body.append(box)
  const height = box.offsetHeight
  box.remove()
  return height
}

/** The value below which this share of them is. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

/** Waits two frames, until a change is on the screen. */
export async function painted(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
      }),
  )
}
