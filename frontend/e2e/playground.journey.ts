import { expect, test } from './fixtures'

test.use({
  setup: {
    environment: { ALPHA_API_KEY: 'sk-alpha' },
    configuration: `providers:
  - {name: alpha, protocol: openai, base_url: UPSTREAM, models: [tiny]}
`,
  },
})

test('the Markdown renderer is preloaded with the page', async ({ page }) => {
  const chunk = page.waitForResponse(/rendered-markdown/)
  await page.goto('/playground')
  expect((await chunk).status()).toBe(200)
})

test('the end of an answer stays visible however fast it streams', async ({ page, upstream }) => {
  const code = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n')
  upstream.answer = Array.from({ length: 12 }, (_, part) => `## Part ${part}\n\n\`\`\`\n${code}\n\`\`\`\n`).join('\n')
  await page.goto('/playground?model=tiny')
  const messages = page.getByRole('group', { name: 'Messages' })
  const toEnd = () => messages.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)

  for (let turn = 1; turn <= 6; turn += 1) {
    await page.getByRole('textbox', { name: 'Message' }).fill(`Question ${turn}`)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('link', { name: 'Timeline' })).toHaveCount(turn)
    await expect(page.getByRole('article').last().getByRole('heading', { name: 'Part 11' })).toBeAttached()
    await expect.poll(toEnd).toBeLessThan(2)
  }
})
