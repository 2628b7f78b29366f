/** Journeys run in the system's own browser; nothing is downloaded, nothing is run twice to pass. */
import { defineConfig } from '@playwright/test'

/**
 * Journeys that measure: each alone and after the others, since a browser beside it would be counted as its own slowness; and without
 * a trace, which takes a picture of the whole document at each step, on the page's own thread.
 */
const MEASURED = /(dashboard-pace|long-ledger|catalogue)\.journey\.ts$/

export default defineConfig({
  testDir: '.',
  testMatch: '*.journey.ts',
  projects: [
    { name: 'journeys', testIgnore: MEASURED },
    { name: 'measured', testMatch: MEASURED, workers: 1, use: { trace: 'off' }, dependencies: ['journeys'] },
  ],
  outputDir: '.results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  fullyParallel: false,
  // A file is a worker's: its journeys share a gateway, and no two files do.
  workers: 2,
  retries: 0,
  reporter: 'line',
  use: {
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
    trace: 'retain-on-failure',
  },
})
