import { readFile } from 'node:fs/promises'
import { expect, test } from './fixtures'

// With the sandbox; the pages are opened in the order of a first start.
test.describe.configure({ mode: 'serial' })

test('the first page explains the sandbox and how to add a provider', async ({ page }) => {
  await page.goto('/')

  await expect(page).toHaveTitle('Dashboard · AI Engine')
  await expect(page.getByRole('main')).toContainText('sandbox', { ignoreCase: true })
  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()
})

test('a chat in the playground is streamed and links to its timeline', async ({ page }) => {
  await page.goto('/playground?model=gpt-4')
  await page.getByRole('textbox', { name: 'Message' }).fill('Say **hello** to <b>the journey</b>')
  await page.keyboard.press('Enter')

  await expect(page.getByText('Response complete')).toBeAttached()
  const turn = page.getByRole('article').first()
  await expect(turn).toContainText('sandbox', { ignoreCase: true })
  await turn.getByRole('link', { name: 'Timeline' }).click()

  await expect(page).toHaveURL(/\/requests\?request=[0-9a-f]{32}$/)
  const request = page.getByRole('dialog')
  await expect(request).toContainText('Completed')
  await expect(request.getByRole('listitem').first()).toContainText('Succeeded 200')

  // The URL opens it again.
  await page.reload()
  await expect(page.getByRole('dialog')).toContainText('Succeeded 200')
})

test('a new request appears in the ledger without a reload', async ({ page, stack }) => {
  await page.goto('/requests')
  const rows = page.getByRole('table', { name: 'Requests, newest first' }).getByRole('row')
  await expect(rows.nth(1)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()

  await chat(stack.url, 'a-model-that-just-came-up')

  await expect(page.getByRole('table')).toContainText('a-model-that-just-came-up')
})

test('the statistics count it and can be exported', async ({ page }) => {
  await page.goto('/statistics?range=1h')
  await expect(page.getByRole('table', { name: 'Models' })).toContainText('gpt-4')

  for (const [item, ending, beginning] of [
    ['CSV, for spreadsheets', /\.csv$/, /^\w+,/],
    ['JSON, for programs', /\.json$/, /^[[{]/],
  ] as const) {
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('button', { name: item }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(ending)
    expect((await readFile(await file.path(), 'utf8')).trim()).toMatch(beginning)
  }
})

test('the first tap shows a bar’s values, the second one drills down', async ({ browser, stack }) => {
  const context = await browser.newContext({
    baseURL: stack.url,
    viewport: { width: 360, height: 780 },
    isMobile: true,
    hasTouch: true,
  })
  const page = await context.newPage()
  await page.goto('/statistics?range=24h')
  const chart = page.getByRole('figure').first()
  const picture = chart.getByRole('img')
  await picture.scrollIntoViewIfNeeded()
  const size = await picture.evaluate(({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight }))
  const newest = { x: size.width - 10, y: size.height / 2 }

  await picture.tap({ position: newest })
  await expect(chart.locator('figcaption strong').first()).toHaveText(/^\d+$/)
  await expect(page).toHaveURL(/range=24h/)

  await picture.tap({ position: newest })
  await expect(page).toHaveURL(/from=.*&to=/)
  await context.close()
})

test('a legend keeps its colours with forced colours', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  await page.goto('/statistics?range=24h')
  const chart = page.getByRole('figure').first()
  await expect(chart.getByRole('img').locator('rect').first()).toBeVisible()

  const bar = await chart
    .locator('g[fill]')
    .first()
    .evaluate((shape) => getComputedStyle(shape).fill)
  const name = await chart
    .locator('figcaption [aria-hidden]')
    .first()
    .evaluate((dot) => getComputedStyle(dot).backgroundColor)
  expect(name).toBe(bar)
})

async function chat(url: string, model: string): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  expect(answer.status).toBe(200)
}
