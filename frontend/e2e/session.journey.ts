import type { Page } from '@playwright/test'
import { expect, expectAccessible, test } from './fixtures'

const ADMIN = 'an-admin-key-of-the-journey'
const VIEWER = 'a-viewer-key-of-the-journey'

test.use({
  setup: { environment: { AI_ENGINE_ADMIN_KEY: ADMIN, AI_ENGINE_VIEWER_KEY: VIEWER } },
  // The browser logs the 401 before sign-in.
  expectedErrors: /status of 401|\/ws\S* failed: .*(401|403)/,
})

test('sign-in stays at the opened URL, connects live, and sign-out returns to the form', async ({ page }) => {
  await page.goto('/settings?show=set')
  await expect(page.getByRole('heading', { name: 'Sign in to AI Engine' })).toBeVisible()
  await expect(page).toHaveTitle('Sign in · AI Engine')
  const key = page.getByLabel('Key', { exact: true })
  await expect(key).toBeFocused()
  await expectAccessible(page)

  await key.fill('not-a-key-of-this-gateway')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('Unknown key')
  await expect(key).toBeFocused()

  await key.fill(ADMIN)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('table', { name: 'Variables' })).toBeVisible()
  await expect(page).toHaveURL('/settings?show=set')
  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()
  await expect(page.getByText('Admin', { exact: true })).toBeVisible()
  expect(await page.evaluate(() => document.cookie), 'the session is hidden from scripts').toBe('')

  await page.reload()
  await expect(page.getByRole('table', { name: 'Variables' })).toBeVisible()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(key).toBeFocused()
  await expect(page).toHaveURL('/settings?show=set')
  await page.reload()
  await expect(key).toBeVisible()
})

test('an expired session leads to sign-in at the same URL, without a reload', async ({ page, context }) => {
  await signIn(page, ADMIN, '/settings?find=port')
  await expect(page.getByRole('table', { name: 'Variables' })).toBeVisible()

  await context.clearCookies()
  await page.getByRole('button', { name: 'Reload configuration' }).click()

  await expect(page.getByText('You are signed out.')).toBeVisible()
  await signIn(page, ADMIN)
  await expect(page.getByRole('searchbox', { name: 'Find a variable' })).toHaveValue('port')
  await expect(page).toHaveURL('/settings?find=port')
})

test('a sign-out in another window signs out an idle page', async ({ page, context }) => {
  await signIn(page, ADMIN, '/requests')
  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()
  const other = await context.newPage()
  await other.goto('/settings')
  await other.getByRole('button', { name: 'Sign out' }).click()
  await expect(other.getByLabel('Key', { exact: true })).toBeVisible()

  await expect(page.getByText('You are signed out.')).toBeVisible()
  await expect(page).toHaveURL('/requests')
})

test('a viewer sees everything, with changes disabled and explained', async ({ page }) => {
  await signIn(page, VIEWER, '/settings')
  await expect(page.getByText('Viewer', { exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()

  const reload = page.getByRole('button', { name: 'Reload configuration' })
  await expect(reload).toHaveAttribute('aria-disabled', 'true')
  await expect(reload).toHaveAccessibleDescription(/viewer key/)
  await expectAccessible(page)
})

async function signIn(page: Page, key: string, url?: string): Promise<void> {
  if (url !== undefined) await page.goto(url)
  await page.getByLabel('Key', { exact: true }).fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
