import { expect, test as base } from './fixtures'
import { type Stack, type StackInParts, startStackInParts } from './stack'

const test = base.extend<object, { parts: StackInParts; stack: Stack }>({
  parts: [
    async ({}, use) => {
      const parts = await startStackInParts()
      await use(parts)
      await parts.stop()
    },
    { scope: 'worker' },
  ],
  stack: [({ parts }, use) => use(parts), { scope: 'worker' }],
})
test.use({ expectedErrors: /Failed to load resource|\/ws\S* failed/ })

test('when the gateway stops the page keeps its data, and it recovers when the gateway is back', async ({
  page,
  parts,
}) => {
  await page.goto('/settings?find=port')
  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()
  await expect(page.getByRole('table', { name: 'Variables' })).toBeVisible()

  await parts.stopGateway()

  await expect(page.getByRole('button', { name: 'Reconnecting' })).toBeVisible()
  await expect(page.getByText('Outdated.')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Variables' })).toBeVisible()

  await parts.startGateway()

  await expect(page.getByRole('button', { name: 'Live', exact: true })).toBeVisible()
  await expect(page.getByText('Outdated.')).toBeHidden()
  await expect(page).toHaveURL('/settings?find=port')
})

test('a page that is opened while the gateway is down loads when it is back', async ({ page, parts }) => {
  await parts.stopGateway()
  await page.goto('/settings')
  await expect(page.getByRole('alert')).toContainText('The gateway could not answer')

  await parts.startGateway()

  await expect(page.getByRole('table', { name: 'Variables' })).toBeVisible()
})
