// Screenshots of pages in both themes, for desktop and phone:
//
//     node e2e/screenshots.mjs [--url http://localhost:8000] [--full] /settings '/requests?status=error'
//
// They are saved as e2e/.screenshots/<page>-<scheme>-<size>.png. Errors of the browser's console are printed. CHROMIUM is the path of
// the browser, by default /usr/bin/chromium.
import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string', default: 'http://localhost:8000' }, full: { type: 'boolean', default: false } },
})
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 780 } }
const folder = new URL('.screenshots/', import.meta.url).pathname
await mkdir(folder, { recursive: true })

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
let errors = 0
for (const path of positionals.length ? positionals : ['/settings'])
  for (const colorScheme of ['light', 'dark'])
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 2, isMobile: size === 'phone' })
      const report = (text) => {
        errors += 1
        console.log(`  ! ${text}`)
      }
      page.on('console', (message) => message.type() === 'error' && report(message.text()))
      page.on('pageerror', (error) => report(error.message))
      await page.goto(new URL(path, values.url).href)
      await page.locator('main h1').waitFor()
      await page
        .getByRole('status', { name: 'Loading' })
        .waitFor({ state: 'detached', timeout: 5_000 })
        .catch(() => {})
      await page.waitForTimeout(400) // transitions
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (overflow > 0) report(`${path} is ${overflow} px too wide on a ${size}`)
      const file = `${folder}${path.replace(/^\//, '').replaceAll(/\W+/g, '-') || 'dashboard'}-${colorScheme}-${size}.png`
      await page.screenshot({ path: file, fullPage: values.full })
      console.log(file)
      await page.close()
    }
await browser.close()
process.exitCode = errors > 0 ? 1 : 0
