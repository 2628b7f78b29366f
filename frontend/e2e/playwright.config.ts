/** Journeys run in the system's browser; no download, no retries. */
import { defineConfig } from '@playwright/test'

/**
 * Journeys that measure: each alone and after the others, since a second browser would slow it down; and without a trace, which
 * takes a snapshot of the document at each step, on the main thread.
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
  // Only a journey that fails waits to the end of these.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  fullyParallel: false,
  // A worker runs a file, whose journeys share a gateway.
  workers: 2,
  retries: 0,
  reporter: 'line',
  use: {
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
    trace: 'retain-on-failure',
  },
})
