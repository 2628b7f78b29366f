import { expect, expectAccessible, test } from './fixtures'

// Two dozen pages, each looked through twice.
test.setTimeout(240_000)
test.describe.configure({ mode: 'parallel' })
test.use({
  setup: {
    environment: { ALPHA_API_KEY: 'sk-alpha-1', ALPHA_API_KEY_2: 'sk-alpha-2', GAMMA_API_KEY: 'sk-gamma' },
    configuration: `
providers:
  - {name: alpha, protocol: openai, base_url: UPSTREAM, default_model: tiny, models: [tiny, small]}
  - {name: gamma, protocol: openai, base_url: UPSTREAM, default_model: large, models: [large]}
`,
  },
})

const PAGES = [
  '/',
  '/providers',
  '/providers?provider=alpha',
  '/providers?provider=alpha&view=test',
  '/models',
  '/models?explain=tiny',
  '/models?model=tiny',
  '/statistics?range=1h',
  '/requests',
  '/playground',
  '/settings',
  '/nowhere',
]
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 780 } }

test.beforeAll(async ({ stack, upstream }) => {
  upstream.refuse('sk-gamma', 401)
  for (const model of ['tiny', 'small', 'large', 'tiny', 'nobody-has-this'])
    await fetch(`${stack.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    })
})

for (const [size, viewport] of Object.entries(SIZES))
  test(`axe finds nothing on any page in either theme, on a ${size}`, async ({ page }) => {
    await page.setViewportSize(viewport)
    for (const path of PAGES)
      await test.step(path, async () => {
        await page.goto(path)
        await expect(page.locator('h1')).toBeVisible()
        await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
        await expectAccessible(page)
      })
  })
