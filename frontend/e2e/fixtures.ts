/** A journey's surroundings: a stack for the file, and a page on which nothing may complain. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test as base } from '@playwright/test'
import { type Stack, type StackSetup, startStack } from './stack'
import { ScriptedUpstream } from './upstream'

interface Surroundings {
  /** What the browser's console complained about: a blocked script, a fault, a failed request. A journey ends with none. */
  complaints: string[]
  /** What the console may say in this journey, since it is what the journey is about: a 401, a gateway that is gone. */
  mayComplain: RegExp | null
}

interface SharedSurroundings {
  /** What this file's gateway is set up with: `test.use({ setup: { environment: … } })`. */
  setup: StackSetup
  /** A provider for a `configuration` that says `base_url: UPSTREAM`. */
  upstream: ScriptedUpstream
  stack: Stack
}

export const test = base.extend<Surroundings, SharedSurroundings>({
  setup: [{}, { option: true, scope: 'worker' }],
  upstream: [
    // Playwright reads from the braces that it needs nothing.
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
    { scope: 'worker', timeout: 180_000 },
  ],
  baseURL: async ({ stack }, use) => {
    await use(stack.url)
  },
  mayComplain: [null, { option: true }],
  complaints: [
    async ({ page, mayComplain }, use) => {
      const complaints: string[] = []
      const hear = (text: string) => {
        if (mayComplain?.test(text) !== true) complaints.push(text)
      }
      page.on('console', (message) => {
        if (message.type() === 'error') hear(message.text())
      })
      page.on('pageerror', (error) => hear(error.message))
      page.on('dialog', (dialog) => {
        hear(`a dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await use(complaints)
      expect(complaints).toEqual([])
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

/** axe finds nothing, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme)
    // The pages have no frames: no second window need be opened for what axe finds.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
    // Softly: one finding does not hide the others.
    expect
      .soft(violations.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`))
      .toEqual([])
  }
}
