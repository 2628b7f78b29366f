import { expect, test } from './fixtures'

const MODELS = Array.from({ length: 5_000 }, (_, number) => `vendor-${number % 40}/model-${number}`)
/** What a reader waits for at most, on a machine that may be busy; a quiet one takes half of it. */
const ROWS_WITHIN_MS = 1_000
const WHOLE_WITHIN_MS = 2_000

test.use({
  setup: {
    environment: { ALPHA_API_KEY: 'sk-alpha' },
    configuration: `providers:\n  - {name: alpha, protocol: openai, base_url: UPSTREAM, models: ${JSON.stringify(MODELS)}}\n`,
  },
})

test('five thousand models are there in a moment, and each is found', async ({ page }) => {
  let asked = 0
  page.on('request', (request) => {
    if (request.url().includes('/api/models')) asked += 1
  })
  await page.goto('/providers')
  await expect(page.getByRole('table')).toBeVisible()

  const startedAt = Date.now()
  await page.getByRole('link', { name: 'Models', exact: true }).first().click()
  await page.getByRole('table', { name: 'Models' }).getByRole('row').nth(10).waitFor()
  const rowsAfter = Date.now() - startedAt
  await page.getByText(/^5,00\d models on 5,00\d routes$/).waitFor()
  const wholeAfter = Date.now() - startedAt

  test.info().annotations.push({ type: 'measured', description: `rows ${rowsAfter} ms, whole ${wholeAfter} ms` })
  expect(rowsAfter).toBeLessThan(ROWS_WITHIN_MS)
  expect(wholeAfter).toBeLessThan(WHOLE_WITHIN_MS)
  expect(asked).toBeLessThanOrEqual(7)

  await page.getByRole('searchbox', { name: 'Find a model' }).fill('model-4711')
  await expect(page.getByText('1 model on 1 route')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Models' })).toContainText('vendor-31/model-4711')
})
