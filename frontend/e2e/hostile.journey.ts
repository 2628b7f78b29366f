import type { Page } from '@playwright/test'
import { expect, test } from './fixtures'

const SCRIPT = '<script>alert(1)</script><img src=x onerror=alert(2)>'
const ENDLESS = 'Donaudampfschiff'.repeat(12)
const REVERSED = '\u202emodel\u2067 נמוך-gpt-العربية'
const EMOJI = '🧨👩‍👩‍👧‍👦 model'
const INVISIBLE = 'zero\u200bwidth\u200d\ufeff'
const LINES = 'line\nbreak\nmodel'
const NAMES = [SCRIPT, ENDLESS, REVERSED, EMOJI, INVISIBLE, LINES]
const SIZES = { phone: { width: 360, height: 780 }, desktop: { width: 1280, height: 900 } }

test.use({
  setup: {
    environment: { ALPHA_API_KEY: 'sk-alpha', BETA_API_KEY: 'sk-beta' },
    configuration: `
providers:
  - {name: alpha, protocol: openai, base_url: UPSTREAM, default_model: ${JSON.stringify(SCRIPT)}, models: ${JSON.stringify(NAMES)}}
  - {name: beta, protocol: openai, base_url: UPSTREAM, default_model: ${JSON.stringify(ENDLESS)}, models: ${JSON.stringify(NAMES)}}
aliases: {${JSON.stringify('שלום')}: ${JSON.stringify(ENDLESS)}}
`,
  },
})
// The browser logs the 400 of a provider.
test.use({ expectedErrors: /status of 400/ })

const HOSTILE_ANSWER = `# ${SCRIPT}

[a link](javascript:alert(3)) ![a picture](https://example.com/x.png) ${ENDLESS} ${REVERSED} ${EMOJI}

| ${ENDLESS} | b |
|---|---|
| a | ${ENDLESS} |

\`\`\`${ENDLESS}
${ENDLESS}${ENDLESS}
\`\`\``

test.beforeAll(async ({ stack, upstream }) => {
  upstream.answer = HOSTILE_ANSWER
  upstream.refusal = `${SCRIPT} ${ENDLESS}\n${REVERSED}`
  upstream.refuse('sk-beta', 400)
  for (const model of NAMES.flatMap((name) => [name, `alpha/${name}`, `beta/${name}`, `unknown ${name}`]))
    await fetch(`${stack.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: SCRIPT }] }),
    })
})

// That no script runs and no policy is violated is checked at the end of every journey: a console error fails it.
for (const [size, viewport] of Object.entries(SIZES))
  test(`hostile names and answers are text on every page, and do not overflow it, on a ${size}`, async ({
    page,
    stack,
  }) => {
    await page.setViewportSize(viewport)
    const ids = await requestIds(stack.url)
    const named = NAMES.map(encodeURIComponent)
    const paths = [
      '/',
      '/?span=day',
      '/providers',
      ...['overview', 'test', 'models', 'history'].map((view) => `/providers?provider=alpha&view=${view}`),
      '/providers?provider=beta',
      '/models',
      '/models?view=provider',
      ...named.flatMap((name) => [`/models?explain=${name}`, `/models?model=${name}`]),
      `/models?explain=${encodeURIComponent(`beta/${REVERSED}`)}`,
      `/models?explain=${encodeURIComponent('Donaudampfschifff')}`,
      `/models?find=${encodeURIComponent(REVERSED)}`,
      '/statistics?range=1h',
      ...named.map((name) => `/statistics?range=1h&model=${name}`),
      '/requests',
      ...named.map((name) => `/requests?model=${name}`),
      ...ids.map((id) => `/requests?request=${id}`),
      ...named.map((name) => `/playground?model=${name}`),
      '/settings',
      `/settings?find=${encodeURIComponent(SCRIPT)}`,
      `/${encodeURIComponent(ENDLESS)}`,
    ]
    for (const path of paths)
      await test.step(decodeURIComponent(path), async () => {
        await page.goto(path)
        await expect(page.locator('h1')).toBeAttached()
        await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
        await expectContained(page)
      })
  })

for (const [size, viewport] of Object.entries(SIZES))
  test(`the result of a test is text, on a ${size}`, async ({ page }) => {
    await page.setViewportSize(viewport)
    for (const provider of ['alpha', 'beta']) {
      await page.goto(`/providers?provider=${provider}&view=test`)
      await page.getByRole('button', { name: /^Send/ }).click()
      await expect(page.getByRole('dialog').getByText('<script>alert(1)</script>').first()).toBeVisible()
      await expectContained(page)

      await page.goto(`/models?model=${encodeURIComponent(ENDLESS)}`)
      await page
        .getByRole('article', { name: `${provider}/` })
        .getByRole('button', { name: 'Send test message' })
        .click()
      await expect(page.getByRole('dialog').getByText('<script>alert(1)</script>').first()).toBeVisible()
      await expectContained(page)
    }
    await page.goto(`/models?explain=${encodeURIComponent(ENDLESS)}`)
    await page.getByRole('button', { name: 'Send test message' }).click()
    await expect(page.getByText('<script>alert(1)</script>').first()).toBeVisible()
    await expectContained(page)
  })

for (const [size, viewport] of Object.entries(SIZES))
  test(`a hostile answer in the playground runs nothing and loads nothing, on a ${size}`, async ({ page, stack }) => {
    await page.setViewportSize(viewport)
    const external: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(stack.url)) external.push(request.url())
    })
    for (const model of [`alpha/${SCRIPT}`, `alpha/${REVERSED}`]) {
      await page.goto(`/playground?model=${encodeURIComponent(model)}`)
      await page.getByRole('textbox', { name: 'Message' }).fill(`${SCRIPT} ${ENDLESS} ${REVERSED}`)
      await page.keyboard.press('Enter')
      await expect(page.getByText('Response complete')).toBeAttached()
      await expect(page.getByRole('link', { name: 'Timeline' })).toBeVisible()
      await expectContained(page)
    }
    await page.goto(`/playground?model=${encodeURIComponent(`beta/${ENDLESS}`)}`)
    await page.getByRole('textbox', { name: 'Message' }).fill(SCRIPT)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('article')).toContainText('<script>alert(1)</script>')
    await expectContained(page)
    expect(external).toEqual([])
  })

async function requestIds(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/api/requests?limit=200`)
  const { items } = (await answer.json()) as { items: { id: string }[] }
  return items.map(({ id }) => id).filter((_, index) => index % 4 === 0)
}

async function expectContained(page: Page): Promise<void> {
  const found = await page.evaluate((reversed) => {
    const problems: string[] = []
    const tooWide = (element: Element, what: string) => {
      const by = element.scrollWidth - element.clientWidth
      if (by > 0) problems.push(`${what} is ${by} px too wide`)
    }
    tooWide(document.documentElement, 'the page')
    for (const dialog of document.querySelectorAll('[role=dialog]')) tooWide(dialog, 'a dialog')
    for (const alien of document.querySelectorAll(
      '#root :is(script, img, iframe), [role=dialog] :is(script, img, iframe), a[href^="javascript:"]',
    ))
      problems.push(`${alien.outerHTML} is an element`)

    // A bidirectional override ends with the name: no other text follows in the same run.
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      const start = text.textContent?.indexOf(reversed) ?? -1
      if (start === -1 || text.parentElement?.checkVisibility() !== true) continue
      let holder: Element = text.parentElement
      while (isSameRun(holder) && holder.parentElement !== null) holder = holder.parentElement
      if (!holder.matches('p, [role=alert], textarea, option') && !endsWith(holder, text))
        problems.push(`text after a reversed name is reversed, too: ${holder.outerHTML}`)
    }
    return problems

    function isSameRun(element: Element): boolean {
      const { display, unicodeBidi } = getComputedStyle(element)
      return display === 'inline' && unicodeBidi === 'normal'
    }
    function endsWith(holder: Element, text: Node): boolean {
      const range = document.createRange()
      range.selectNodeContents(holder)
      range.setStartAfter(text)
      const rest = document.createElement('div')
      rest.append(range.cloneContents())
      for (const other of rest.querySelectorAll('button, svg, [class*=badge]')) other.remove()
      return rest.textContent.trim() === ''
    }
  }, REVERSED)
  expect.soft(found).toEqual([])
}
