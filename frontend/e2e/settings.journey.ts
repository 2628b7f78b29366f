import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, expectAccessible, test } from './fixtures'
import { startStack } from './stack'

test('the first start shows the active configuration, live, and axe finds nothing', async ({ page }) => {
  await page.goto('/settings')

  await expect(page).toHaveTitle('Settings · AI Engine')
  await expect(page.getByRole('table', { name: 'Variables' })).toContainText('AI_ENGINE_HOST')
  await expect(page.getByRole('button', { name: 'Live' })).toBeVisible()
  await expectAccessible(page)
})

test('a reload shows the next generation', async ({ page }) => {
  await page.goto('/settings')
  const generation = page.locator('dl > div', { hasText: 'Generation' }).locator('dd').first()
  const before = Number(await generation.textContent())

  await page.getByRole('button', { name: 'Reload configuration' }).click()

  await expect(page.getByText(`Generation ${before + 1} is active.`)).toBeVisible()
  await expect(generation).toHaveText(String(before + 1))
})

test('pages can be opened by keyboard: command palette and shortcuts', async ({ page }) => {
  await page.goto('/nowhere')
  await expect(page.getByText('Unknown address')).toBeVisible()

  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Search pages and actions').fill('sett')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/settings')

  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('nginx caches assets, never the page, and does not serve the page for an unknown API path', async ({
  request,
}) => {
  const page = await request.get('/statistics/anything')
  expect(page.headers()['cache-control']).toBe('no-cache')
  expect(page.headers()['content-security-policy']).toContain("script-src 'self';")

  const asset = /\/assets\/[\w.-]+\.js/.exec(await page.text())?.[0] ?? 'no script in the page'
  const script = await request.get(asset)
  expect(script.headers()['cache-control']).toContain('immutable')
  expect(script.headers()['content-encoding']).toBe('gzip')

  for (const path of ['/api/nothing', '/v1/nothing', '/assets/nothing.js']) {
    const missing = await request.get(path)
    expect(missing.status(), path).toBe(404)
    expect(await missing.text(), path).not.toContain('<div id="root">')
  }
  const large = await request.post('/v1/chat/completions', { data: Buffer.alloc(10_485_761) })
  expect(large.status()).toBe(413)
  expect(await large.json()).toMatchObject({ error: { code: 'request_too_large' } })
})

test('nginx streams events', async ({ stack }) => {
  const answer = await fetch(`${stack.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  })

  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  expect(await answer.text()).toContain('data: [DONE]')
})

test('a key that is added to .env appears automatically, as its fingerprint', async ({ page, stack }) => {
  await page.goto('/settings')
  await expect(page.getByText('No provider keys')).toBeVisible()

  await appendFile(join(stack.folder, '.env'), 'OPENAI_API_KEY=sk-a-key-of-no-account\n')

  await expect(page.getByRole('table', { name: 'Provider keys' })).toContainText('OPENAI_API_KEY')
  await expect(page.locator('body')).not.toContainText('sk-a-key')
})

test('several signals at once, as from a closing terminal, end the gateway and nginx', async () => {
  const own = await startStack()
  await own.stop(Array.from({ length: 100 }, () => ['SIGHUP', 'SIGTERM'] as const).flat())

  await expect(fetch(`${own.url}/health/live`)).rejects.toThrow()
})
