import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import RenderedMarkdown from './rendered-markdown'

const show = (text: string) =>
  render(
    <MantineProvider>
      <RenderedMarkdown text={text} />
    </MantineProvider>,
  ).container

test('HTML is shown as text', () => {
  const page = show('<script>alert(1)</script>\n\nbefore <img src=x onerror=alert(1)> after <b>bold</b>')
  expect(page.querySelector('script, img, b')).toBeNull()
  expect(page).toHaveTextContent('<img src=x onerror=alert(1)>')
})

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java&#x73;cript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  '/api/config/reload',
  '//evil.example/x',
  '#user-content-x',
])('%s is no link', (address) => {
  const page = show(`[press me](<${address}>)`)
  expect(page.querySelector('a')).toBeNull()
  expect(page).toHaveTextContent('press me')
})

test('a link opens in a new tab without a referrer', () => {
  show('[docs](https://example.com/a?b=c)')
  const link = screen.getByRole('link', { name: 'docs' })
  expect(link).toHaveAttribute('href', 'https://example.com/a?b=c')
  expect(link).toHaveAttribute('rel', 'noopener noreferrer nofollow')
  expect(link).toHaveAttribute('target', '_blank')
})

test('an image is described, and not loaded', () => {
  const page = show('![a secret chart](https://evil.example/?stolen=words)')
  expect(page.querySelector('img')).toBeNull()
  expect(page).toHaveTextContent('[image not loaded: a secret chart]')
})

test('code is shown with its language, unchanged, and copied completely', async () => {
  const user = userEvent.setup()
  show('```python\nprint("<b>")\n\nx = 1  # & more\n```')
  expect(screen.getByText('python')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Copy code' }))
  expect(await navigator.clipboard.readText()).toBe('print("<b>")\n\nx = 1  # & more')
})

test('unfinished code, and code without a language, are code', () => {
  const page = show('```\nhalf a line')
  expect(page.querySelector('pre')).toHaveTextContent('half a line')
})

test('tables and lists are rendered', () => {
  show('| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two')
  expect(screen.getByRole('table')).toBeVisible()
  expect(screen.getAllByRole('listitem')).toHaveLength(2)
})

test('headings are below those of the page, and a task is no control', () => {
  const page = show('# Title\n\n- [x] first\n- [ ] second')
  expect(screen.getByRole('heading', { level: 3, name: 'Title' })).toBeVisible()
  expect(page.querySelector('input, h1')).toBeNull()
  expect(screen.getByLabelText('done')).toBeVisible()
})
