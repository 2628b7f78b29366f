/** Pictures of every page for `docs/images`, from a ledger that has a month behind it: `make pictures`. */
import { defineConfig } from '@playwright/test'
import journeys from './playwright.config'

// The journeys' projects name files of their own, which would be run beside the pictures.
export default defineConfig({
  ...journeys,
  projects: [{ name: 'pictures', testMatch: 'gallery.ts' }],
  workers: 1,
  timeout: 300_000,
})
