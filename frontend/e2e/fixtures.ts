/** The fixtures of a journey: a stack for the file, and a page without console errors. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test as base } from '@playwright/test'
import { type Stack, type StackSetup, startStack } from './stack'
import { ScriptedUpstream } from './upstream'

interface TestFixtures {
  /** Errors on the browser's console: a blocked script, an exception, a failed request. A journey ends without any. */
  consoleErrors: string[]
  /** Console errors that are part of the journey: a 401, a gateway that is down. */
  expectedErrors: RegExp | null
}

interface WorkerFixtures {
  /** The setup of this file's gateway: `test.use({ setup: { environment: … } })`. */
  setup: StackSetup
  /** A provider for a `configuration` that says `base_url: UPSTREAM`. */
  upstream: ScriptedUpstream
  stack: Stack
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  setup: [{}, { option: true, scope: 'worker' }],
  upstream: [
    // Playwright reads from the braces that it needs no fixture.
    async ({}, use) => {
      const upstream = await ScriptedUpstream.start()
      await use(upstream)
      await upstream.stop()
    },
    { scope: 'worker' },
  ],
  stack: [
    async ({ setup, upstream }, use) => {
      const stack = await startStack(pointedAt(upstream, setup))
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ stack }, use) => {
    await use(stack.url)
  },
  expectedErrors: [null, { option: true }],
  consoleErrors: [
    async ({ page, expectedErrors }, use) => {
      const consoleErrors: string[] = []
      const report = (text: string) => {
        if (expectedErrors?.test(text) !== true) consoleErrors.push(text)
      }
      page.on('console', (message) => {
        if (message.type() === 'error') report(message.text())
      })
      page.on('pageerror', (error) => report(error.message))
      page.on('dialog', (dialog) => {
        report(`a dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await use(consoleErrors)
      expect(consoleErrors).toEqual([])
    },
    { auto: true },
  ],
})
export { expect }

function pointedAt(upstream: ScriptedUpstream, { environment, configuration }: StackSetup): StackSetup {
  return {
    ...(environment && { environment }),
    ...(configuration !== undefined && { configuration: configuration.replaceAll('UPSTREAM', upstream.url) }),
  }
}

/** Without violations in both themes. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme)
    // The pages have no frames, so that axe needs no second window.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
    // Soft: one finding does not hide the others.
    expect
      .soft(violations.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`))
      .toEqual([])
  }
}
