/** Takes the screenshots. Their data is generated: by `ledger_rows.py` for the past, by live requests for today. */
import { expect, test } from './fixtures'

const NAMES = ['groq', 'together', 'fireworks', 'deepinfra', 'cerebras', 'openrouter']
const MODELS = ['llama-3.3-70b', 'gpt-oss-120b', 'qwen3-32b', 'deepseek-v3.1']
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
const PAGES = {
  dashboard: '/?span=day',
  providers: '/providers',
  models: '/models?explain=gpt-oss-120b',
  statistics: '/statistics?range=7d',
  requests: '/requests',
  request: '',
  playground: '/playground?model=gpt-oss-120b',
  settings: '/settings',
}
const ANSWER = `An LLM gateway stands between your programs and the companies that run language models.

| It | so that you |
|---|---|
| tries the next provider when one fails | see an answer and no outage |
| keeps a ledger of tokens and cost | know what each client spends |
| speaks one API | change a model by its name alone |`

test.use({
  setup: {
    environment: {
      AI_ENGINE_DATABASE_URL: process.env.GALLERY_DATABASE ?? '',
      ...Object.fromEntries(NAMES.flatMap((name) => keysOf(name).map(([variable, key]) => [variable, key]))),
    },
    configuration: `providers:
${NAMES.map((name, at) => `  - {name: ${name}, protocol: openai, base_url: UPSTREAM, priority: ${at < 2 ? 1 : 10}, default_model: ${MODELS[0]}, models: [${MODELS.join(', ')}]}`).join('\n')}
aliases: {fast: gpt-oss-120b}
`,
  },
})

test('screenshots of every page, in both themes, for desktop and phone', async ({ browser, stack, upstream }) => {
  upstream.delayMs = () => 80 + Math.random() * 400
  upstream.refuse('sk-groq-2', 429)
  for (let round = 0; round < 15; round += 1)
    await Promise.all(MODELS.map((model) => ask(stack.url, model, round % 7 === 3 ? 'unknown-model' : model)))
  upstream.refuse('sk-cerebras-1', 401)
  upstream.refuse('sk-cerebras-2', 401)
  await ask(stack.url, 'cerebras', 'cerebras/qwen3-32b')
  upstream.answer = ANSWER
  const latest = await fetch(`${stack.url}/api/requests?ending=completed&limit=100`)
  const { items } = (await latest.json()) as { items: { id: string; attempts_count: number }[] }
  const withFailover = items.find(({ attempts_count }) => attempts_count > 1)
  const pages = { ...PAGES, request: `/requests?request=${withFailover?.id ?? ''}` }

  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries(SIZES)) {
      const isMobile = size === 'phone'
      const context = await browser.newContext({
        baseURL: stack.url,
        viewport,
        colorScheme,
        isMobile,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path)
        if (name === 'playground') {
          await page.getByRole('textbox', { name: 'Message' }).fill('What does an LLM gateway do?')
          await page.keyboard.press('Enter')
          await expect(page.getByRole('link', { name: 'Timeline' })).toBeVisible()
          await expect(page.getByRole('article').getByRole('table')).toBeVisible()
        }
        if (name === 'request')
          await expect(page.getByRole('dialog').getByRole('heading', { name: /attempts/ })).toBeVisible()
        await expect(page.locator('h1')).toBeAttached()
        await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
        await expect(page.locator('.mantine-Skeleton-root')).toHaveCount(0)
        await page.evaluate(() => document.fonts.ready)
        await page.screenshot({ path: `../docs/images/${name}-${colorScheme}-${size}.png`, animations: 'disabled' })
      }
      await context.close()
    }
})

function keysOf(name: string): [string, string][] {
  const variable = `${name.toUpperCase()}_API_KEY`
  return [
    [variable, `sk-${name}-1`],
    [`${variable}_2`, `sk-${name}-2`],
  ]
}

async function ask(url: string, content: string, model: string): Promise<void> {
  await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] }),
  }).then((answer) => answer.text())
}
