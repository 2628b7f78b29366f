import type { Locator, Page } from '@playwright/test'
import { expect, expectAccessible, test } from './fixtures'

// The browser logs the 404 of an unknown model.
test.use({ expectedErrors: /status of 40[04]/ })
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

/** Each page and drawer, and what it shows once it is loaded. */
const PAGES: [path: string, shows: (page: Page) => Locator][] = [
  ['/', (page) => page.getByRole('main').getByRole('listitem').filter({ hasText: 'gamma' })],
  ['/providers', (page) => page.getByRole('table').getByRole('button', { name: /gamma/ })],
  ['/providers?provider=alpha', (page) => inDrawer(page).getByRole('heading', { name: 'Preferences' })],
  ['/providers?provider=alpha&view=test', (page) => inDrawer(page).getByRole('button', { name: /^Send/ })],
  ['/providers?provider=alpha&view=models', (page) => inDrawer(page).getByText('small')],
  ['/providers?provider=alpha&view=history', (page) => inDrawer(page).getByText('No changes')],
  ['/providers?provider=unknown', (page) => inDrawer(page).getByText('No provider has this name')],
  ['/models', (page) => page.getByRole('table').getByRole('button', { name: 'small' })],
  ['/models?explain=tiny', (page) => page.getByText('exact match')],
  ['/models?explain=nothing-like-it', (page) => page.getByText('No provider has a model of this name')],
  ['/models?model=tiny', (page) => inDrawer(page).getByRole('button', { name: 'Send test message' })],
  ['/models?view=provider', (page) => page.getByRole('main').getByText('small')],
  ['/statistics?range=1h', (page) => page.getByText('Show as table')],
  [
    '/statistics?from=2020-01-01T00:00:00.000Z&to=2020-01-02T00:00:00.000Z',
    (page) => page.getByText('No requests in this range'),
  ],
  ['/requests', (page) => page.getByText('requests in total')],
  ['/requests?failure=forbidden', (page) => page.getByText('No matching requests')],
  ['/requests?model=unknown', (page) => page.getByText('Request rejected')],
  ['/playground', (page) => page.getByText('No messages yet')],
  ['/settings', (page) => page.getByRole('table', { name: 'Variables' })],
  ['/nowhere', (page) => page.getByText('Unknown address')],
]
const inDrawer = (page: Page) => page.getByRole('dialog')

/** Opens a page and waits until it is loaded. */
async function open(page: Page, [path, shows]: (typeof PAGES)[number]): Promise<void> {
  await page.goto(path)
  await expect(page.locator('h1')).toBeAttached()
  await expect(shows(page).first()).toBeVisible()
  await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
}

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 780 } }

test.beforeAll(async ({ stack, upstream }) => {
  upstream.refuse('sk-gamma', 401)
  for (const model of ['tiny', 'small', 'large', 'tiny', 'unknown'])
    await fetch(`${stack.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    })
})

for (const [size, viewport] of Object.entries(SIZES))
  test(`axe finds nothing on any page in either theme, on a ${size}`, async ({ page }) => {
    await page.setViewportSize(viewport)
    // Without transitions, whose intermediate colours would be checked.
    await page.emulateMedia({ reducedMotion: 'reduce' })
    for (const each of PAGES)
      await test.step(each[0], async () => {
        await open(page, each)
        await expectAccessible(page)
      })
  })

/** Overlays of the pages, and what opens them. Escape returns the focus there. */
const OPENED: { on: string; what: string; by: (page: Page) => Locator; shows: (page: Page) => Locator }[] = [
  {
    on: '/providers?provider=alpha',
    what: 'the confirmation of rolling a key',
    by: (page) => page.getByRole('button', { name: 'Roll key' }),
    shows: (page) => page.getByRole('dialog', { name: /Roll|next key/i }),
  },
  {
    on: '/providers',
    what: 'the drawer of a provider',
    by: (page) => page.getByRole('table').getByRole('button', { name: /alpha/ }).first(),
    shows: (page) => page.getByRole('dialog'),
  },
  {
    on: '/models',
    what: 'the drawer of a model',
    by: (page) => page.getByRole('table').getByRole('button', { name: 'tiny' }),
    shows: (page) => page.getByRole('dialog').getByRole('article').first(),
  },
  {
    on: '/requests',
    what: 'the drawer of a request',
    by: (page) => page.getByRole('table').getByRole('button').first(),
    shows: (page) => page.getByRole('dialog').getByRole('heading').first(),
  },
  {
    on: '/statistics?range=1h',
    what: 'the range',
    by: (page) => page.getByRole('button', { name: 'Custom range' }),
    shows: (page) => page.getByLabel('From'),
  },
  {
    on: '/statistics?range=1h',
    what: 'the export',
    by: (page) => page.getByRole('button', { name: 'Export' }),
    shows: (page) => page.getByText('CSV, for spreadsheets'),
  },
  {
    on: '/requests',
    what: 'the period',
    by: (page) => page.getByRole('button', { name: 'Any time' }),
    shows: (page) => page.getByLabel('From'),
  },
  {
    on: '/playground?model=tiny',
    what: 'the code',
    by: (page) => page.getByRole('button', { name: 'Copy as code' }),
    shows: (page) => page.getByRole('dialog').locator('pre'),
  },
  {
    on: '/',
    what: 'the palette',
    by: (page) => page.getByRole('button', { name: 'Command palette' }),
    shows: (page) => page.getByPlaceholder('Search pages and actions'),
  },
  {
    on: '/',
    what: 'the shortcuts',
    by: (page) => page.getByRole('button', { name: 'Keyboard shortcuts' }),
    shows: (page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' }),
  },
]

test('axe finds nothing in overlays, and Escape returns the focus', async ({ page }) => {
  await page.setViewportSize(SIZES.desktop)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const { on, what, by, shows } of OPENED)
    await test.step(`${what}, on ${on}`, async () => {
      await page.goto(on)
      await by(page).focus()
      await page.keyboard.press('Enter')
      await expect(shows(page)).toBeVisible()
      await expectAccessible(page)
      await page.keyboard.press('Escape')
      await expect(shows(page)).toBeHidden()
      await expect.soft(by(page), `${what} returns the focus`).toBeFocused()
    })
})

test('axe finds nothing in the menu of a phone, in an answer, and in the table of a chart', async ({ page }) => {
  await page.setViewportSize(SIZES.phone)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto('/settings')
  await page.getByRole('button', { name: 'Menu' }).click()
  await expect(page.getByRole('dialog').getByRole('link', { name: 'Dashboard' })).toBeVisible()
  await expectAccessible(page)

  await page.setViewportSize(SIZES.desktop)
  await page.goto('/playground?model=tiny')
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('link', { name: 'Timeline' })).toBeVisible()
  await expectAccessible(page)

  await page.goto('/statistics?range=1h')
  await page.getByText('Show as table').first().click()
  await expect(page.getByRole('table').first()).toBeVisible()
  await expectAccessible(page)

  await page.goto('/providers?provider=alpha&view=test')
  await page.getByRole('button', { name: /^Send/ }).click()
  await expect(page.getByRole('dialog').getByText('Hello from the provider.')).toBeVisible()
  await expectAccessible(page)
})

test('every page can be traversed by Tab with a visible focus', async ({ page }) => {
  await page.setViewportSize(SIZES.desktop)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const each of PAGES)
    await test.step(each[0], async () => {
      await open(page, each)
      const [path] = each
      const hasDrawer = (await inDrawer(page).count()) > 0
      const seen: string[] = []
      for (let step = 0; step < MOST_STEPS; step += 1) {
        await page.keyboard.press('Tab')
        // A new style is rendered a frame later.
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))),
        )
        const focused = await page.evaluate(focusNow)
        if (focused === null || focused.where === seen[0]) break
        seen.push(focused.where)
        expect.soft(focused.problem, `${path}: ${focused.where}`).toBeNull()
      }
      // A drawer traps the focus, and an empty one has only its close button.
      expect(seen.length, path).toBeGreaterThanOrEqual(hasDrawer ? 1 : LEAST_STOPS)
    })
})

const MOST_STEPS = 60
/** The skip link, and the links to the other pages. */
const LEAST_STOPS = 8

/** Where the focus is, and the problem with it. */
function focusNow(): { where: string; problem: string | null } | null {
  const element = document.activeElement
  if (!(element instanceof HTMLElement || element instanceof SVGElement) || element === document.body) return null
  const name = element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 40)
  const place = [...document.querySelectorAll('*')].indexOf(element)
  const where = `${place} ${element.tagName.toLowerCase()} “${name}”`
  const { top, left, bottom, right, width, height } = element.getBoundingClientRect()
  const own = getComputedStyle(element)
  const isOutlined = own.outlineStyle !== 'none' && own.outlineWidth !== '0px'
  // A focused field has a coloured border.
  const isField = element.matches('input, textarea, select')
  const next = element.nextElementSibling
  const isMarked = isOutlined || isField || (next !== null && getComputedStyle(next).outlineStyle !== 'none')
  const isVisible = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth
  const isEmpty = (width < 2 || height < 2) && !isField
  let problem: string | null = null
  if (!isVisible) problem = 'it is not visible'
  else if (isEmpty) problem = 'it has no size'
  else if (!isMarked) problem = 'the focus is not visible'
  return { where, problem }
}
