/** Pictures of every page for `docs/images`, from a ledger that has a month behind it: `make pictures`. */
import { defineConfig } from '@playwright/test'
import journeys from './playwright.config'

export default defineConfig(journeys, { testMatch: 'gallery.ts', workers: 1, timeout: 300_000 })
