/** What an update costs the browser: the main thread's own time, measured by the browser and not by a clock beside it. */
import type { CDPSession, Page } from '@playwright/test'

export class Pace {
  readonly #session: CDPSession

  private constructor(session: CDPSession) {
    this.#session = session
  }

  static async of(page: Page): Promise<Pace> {
    const session = await page.context().newCDPSession(page)
    // In time that the thread was running: what else this machine does is not the page's.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    return new Pace(session)
  }

  /** How long the main thread worked (scripts, styles, layout, paint) while `update` happened, in milliseconds. */
  async spentOn<Result>(update: () => Promise<Result>): Promise<[spentMs: number, result: Result]> {
    const before = await this.#taskSeconds()
    const result = await update()
    return [((await this.#taskSeconds()) - before) * 1000, result]
  }

  async #taskSeconds(): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN
  }
}

/** The value below which that share of them lies. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

/** Two frames later what was changed is on the screen. */
export async function painted(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            resolve()
          }),
        )
      }),
  )
}
