/** Screenshots of every page for `docs/images`, with a month of data: `make pictures`. */
import { defineConfig } from '@playwright/test'
import journeys from './playwright.config'

// Instead of the journeys' projects.
export default defineConfig({
  ...journeys,
  projects: [{ name: 'pictures', testMatch: 'gallery.ts' }],
  workers: 1,
})
