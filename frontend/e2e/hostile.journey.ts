import type { Page } from '@playwright/test'
import { expect, test } from './fixtures'

const SCRIPT = '<script>alert(1)</script><img src=x onerror=alert(2)>'
const ENDLESS = 'a'.repeat(400)
const REVERSED = '\u202emodel\u2067 נמוך-gpt-العربية'

test.use({
  setup: {
    environment: { ALPHA_API_KEY: 'sk-alpha' },
    configuration: `
providers:
  - name: alpha
    protocol: openai
    base_url: UPSTREAM
    default_model: ${JSON.stringify(SCRIPT)}
    models: ${JSON.stringify([SCRIPT, ENDLESS, REVERSED])}
`,
  },
  viewport: { width: 390, height: 800 },
})

// That nothing runs and no policy is violated is what every journey ends with: a browser that complains fails it.
test('hostile names and answers are text on every page, and push nothing out of it', async ({
  page,
  stack,
  upstream,
}) => {
  upstream.answer = `${SCRIPT} [a link](javascript:alert(3)) ![a picture](https://example.com/x.png) ${ENDLESS} ${REVERSED}`
  for (const model of [SCRIPT, ENDLESS, REVERSED, `nobody has ${SCRIPT}`])
    await fetch(`${stack.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: SCRIPT }] }),
    })

  const name = encodeURIComponent(SCRIPT)
  for (const path of [
    '/',
    '/providers?provider=alpha&view=models',
    '/models',
    `/models?explain=${name}`,
    `/models?model=${name}`,
    '/statistics?range=1h',
    '/requests',
    '/settings',
  ]) {
    await page.goto(path)
    await expect(page.getByText('alpha').first(), path).toBeAttached()
    await expect(page.getByRole('status', { name: 'Loading' }), path).toHaveCount(0)
    expect(await page.locator('#root script, #root img, #root iframe').count(), path).toBe(0)
    expect(await widthTooMuch(page), `${path} fits a phone`).toBeLessThanOrEqual(0)
  }
})

test('a hostile answer in the playground runs nothing and loads nothing', async ({ page, stack, upstream }) => {
  upstream.answer = `# ${SCRIPT}\n\n[a link](javascript:alert(3)) ![a picture](https://example.com/x.png)\n\n${ENDLESS} ${REVERSED}`
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(stack.url)) elsewhere.push(request.url())
  })
  await page.goto(`/playground?model=${encodeURIComponent(SCRIPT)}`)
  await page.getByRole('textbox', { name: 'Message' }).fill(SCRIPT)
  await page.keyboard.press('Enter')

  await expect(page.getByText('Answer complete')).toBeAttached()
  expect(await page.locator('article script, article img, a[href^="javascript:"]').count()).toBe(0)
  expect(await widthTooMuch(page)).toBeLessThanOrEqual(0)
  expect(elsewhere).toEqual([])
})

function widthTooMuch(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
}
