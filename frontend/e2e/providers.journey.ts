import { createHash } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures'

const KEYS = ['sk-alpha-the-first-key', 'sk-alpha-the-second-key'] as const

test.use({
  setup: {
    environment: {
      ALPHA_API_KEY: KEYS[0],
      ALPHA_API_KEY_2: KEYS[1],
      BETA_API_KEY: 'sk-beta',
      GAMMA_API_KEY: 'sk-gamma',
    },
    configuration: `
providers:
  - {name: alpha, protocol: openai, base_url: UPSTREAM, default_model: tiny, models: [tiny], priority: 1}
  - {name: beta, protocol: openai, base_url: UPSTREAM, default_model: tiny, models: [tiny], priority: 2}
  - {name: gamma, protocol: openai, base_url: UPSTREAM, default_model: large, models: [large]}
  - {name: local, protocol: openai, base_url: UPSTREAM, auth: none, models: [own]}
`,
  },
})

test('a provider can be tested with a message', async ({ page, upstream }) => {
  upstream.answer = 'The provider says hello.'
  await page.goto('/providers')
  await page.getByRole('button', { name: /^alpha/ }).click()
  await expect(page).toHaveURL('/providers?provider=alpha')
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('Are you there?')
  await page.getByRole('button', { name: 'Send' }).click()

  const result = page.getByRole('region', { name: 'Test result' })
  await expect(result).toContainText('Succeeded')
  await expect(result).toContainText('The provider says hello.')
  await expect(page.locator('body')).not.toContainText(KEYS[0])
})

test('a provider that rejects its keys is flagged', async ({ page, upstream }) => {
  upstream.refuse('sk-gamma', 401)
  await page.goto('/providers?provider=gamma&view=test')
  await page.getByRole('button', { name: 'Send' }).click()

  await expect(page.getByRole('region', { name: 'Test result' })).toContainText('Failed')
  await page.getByRole('tab', { name: 'Overview' }).click()
  await expect(page.getByRole('dialog', { name: 'gamma' }).getByRole('status')).toContainText('Flagged')
})

test('a provider that is switched off gets no requests until it is switched on', async ({ page, stack }) => {
  await page.goto('/providers?provider=alpha')
  const drawer = page.getByRole('dialog', { name: 'alpha' })
  const isOn = drawer.getByRole('switch', { name: 'Switched on' })
  await expect(isOn).toBeChecked()

  await turn(page, false)
  expect(await providerOf(stack.url)).toBe('beta')

  await turn(page, true)
  expect(await providerOf(stack.url)).toBe('alpha')
})

test('rolling uses the next key', async ({ page, stack, upstream }) => {
  await page.goto('/providers?provider=alpha')
  const keys = page.getByRole('dialog', { name: 'alpha' }).getByRole('listitem')
  const next = keys.filter({ hasText: 'Active' }).getByRole('code')
  const before = await next.textContent()

  await page.getByRole('button', { name: 'Roll key' }).click()
  const rolled = page.waitForResponse((response) => response.url().endsWith('/roll-key'))
  await page.getByRole('button', { name: 'Roll key', exact: true }).last().click()
  expect((await rolled).ok()).toBe(true)
  await expect(next).not.toHaveText(before ?? '')
  upstream.keys.length = 0
  await Promise.all([providerOf(stack.url), providerOf(stack.url), providerOf(stack.url)])
  const used = upstream.keys.filter((key) => key !== 'sk-beta').map(fingerprintOf)
  expect(new Set(used).size).toBe(1)
  await expect(next).toContainText(String(used[0]))
})

test('the routing of a model is explained', async ({ page }) => {
  await page.goto('/models')
  await page.getByRole('combobox', { name: 'Model to explain' }).fill('tiny')
  await page.keyboard.press('Enter')

  const candidates = page.getByRole('list', { name: 'Candidates in order' }).locator(':scope > li')
  await expect(candidates).toHaveCount(2)
  await expect(candidates.first()).toContainText('alpha')
  await expect(page).toHaveURL(/\/models\?explain=tiny/)

  await page.getByRole('combobox', { name: 'Model to explain' }).fill('an-unknown-model')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toContainText('an-unknown-model')
  await expect(candidates).toHaveCount(0)
})

test('a failover shows all attempts on its timeline', async ({ page, stack, upstream }) => {
  for (const key of KEYS) upstream.refuse(key, 500)
  expect(await providerOf(stack.url)).toBe('beta')
  for (const key of KEYS) upstream.accept(key)
  // It is in the ledger a moment after its answer.
  await expect.poll(() => attemptsOfNewest(stack.url)).toBeGreaterThan(1)

  await page.goto('/requests')
  await page.getByRole('table').getByRole('row').nth(1).click()
  const timeline = page.getByRole('dialog').locator('ol > li')
  await expect(timeline.last()).toContainText('beta')
  await expect(timeline.last()).toContainText('Succeeded 200')
  await expect(timeline.first()).toContainText('alpha')
  expect(await timeline.count()).toBeGreaterThan(1)
})

for (const [size, viewport] of Object.entries({
  desktop: { width: 1440, height: 900 },
  phone: { width: 360, height: 780 },
}))
  test(`the figures of a provider are labelled and keep their distance to the edge, on a ${size}`, async ({ page }) => {
    await page.setViewportSize(viewport)
    await page.goto('/')
    const main = page.getByRole('main')
    await main.getByRole('listitem').filter({ hasText: 'alpha' }).first().scrollIntoViewIfNeeded()
    for (const name of ['Success', 'Latency'])
      await expect
        .poll(() =>
          main
            .getByText(name, { exact: true })
            .evaluateAll((names) => names.some(({ clientWidth }) => clientWidth > 20)),
        )
        .toBe(true)

    await page.goto('/providers')
    const table = page.getByRole('table', { name: 'Providers that are set up' })
    const last = table.getByRole('columnheader').filter({ visible: true }).last()
    await expect(last).toHaveCSS('padding-right', '20px')
  })

test('the providers table does not break words at 1280 pixels', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.goto('/providers')
  const cell = page.getByRole('table').getByText('not needed')

  expect(await cell.evaluate((element) => element.getClientRects().length)).toBe(1)
})

/** By its switch; waits for the gateway. */
async function turn(page: Page, isOn: boolean): Promise<void> {
  const drawer = page.getByRole('dialog', { name: 'alpha' })
  const done = page.waitForResponse((response) => response.url().endsWith('/api/providers/alpha/toggle'))
  await drawer.getByRole('switch', { name: 'Switched on' }).click()
  expect((await done).ok()).toBe(true)
  await expect(drawer.getByRole('switch', { name: 'Switched on' })).toBeChecked({ checked: isOn })
}

/** The provider of a new chat. */
async function providerOf(url: string): Promise<string | null> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  expect(answer.status).toBe(200)
  return answer.headers.get('x-ai-engine-provider')
}

async function attemptsOfNewest(url: string): Promise<number | undefined> {
  const answer = await fetch(`${url}/api/requests?limit=1`)
  const { items } = (await answer.json()) as { items: { attempts_count: number }[] }
  return items[0]?.attempts_count
}

/** As the pages show a key. */
function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8)
}
