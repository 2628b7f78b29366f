import { expect, test } from './fixtures'
import { Pace } from './pace'

const MODELS = Array.from({ length: 5_000 }, (_, number) => `vendor-${number % 40}/model-${number}`)
/** The page's own time from the click to the complete catalogue; on a quiet machine about 0.6 s. */
const WORK_WITHIN_MS = 1_000

test.use({
  setup: {
    environment: { ALPHA_API_KEY: 'sk-alpha' },
    configuration: `providers:\n  - {name: alpha, protocol: openai, base_url: UPSTREAM, models: ${JSON.stringify(MODELS)}}\n`,
  },
})

test('five thousand models load fast and can be searched', async ({ page }) => {
  let requests = 0
  page.on('request', (request) => {
    if (request.url().includes('/api/models')) requests += 1
  })
  await page.goto('/providers')
  await expect(page.getByRole('table')).toBeVisible()

  const pace = await Pace.of(page)
  const slowness = await pace.slowness()
  const [spentMs] = await pace.spentOn(async () => {
    await page.getByRole('link', { name: 'Models', exact: true }).first().click()
    await page.getByRole('table', { name: 'Models' }).getByRole('row').nth(10).waitFor()
    await page.getByText(/^5,00\d models on 5,00\d routes$/).waitFor()
  })
  test.info().annotations.push({ type: 'measured', description: `${spentMs.toFixed(0)} ms of the main thread` })
  expect(spentMs).toBeLessThan(WORK_WITHIN_MS * slowness)
  expect(requests).toBeLessThanOrEqual(7)

  await page.getByRole('searchbox', { name: 'Find a model' }).fill('model-4711')
  await expect(page.getByText('1 model on 1 route')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Models' })).toContainText('vendor-31/model-4711')
})
