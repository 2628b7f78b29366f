import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { firstLoadBudget } from './vite.budget.ts'
import { mantineStyles } from './vite.styles.ts'

/** The gateway's address for the development and preview servers; in production nginx proxies to it. */
const gateway = process.env.AI_ENGINE_GATEWAY ?? 'http://127.0.0.1:8000'
const toGateway = { target: gateway, changeOrigin: false, xfwd: true }
const proxy = {
  ...Object.fromEntries(
    ['/v1', '/api', '/health', '/metrics', '/docs', '/redoc', '/openapi.json'].map((path) => [path, toGateway]),
  ),
  '/ws': { ...toGateway, ws: true },
}

const resolved = (path: string) => new URL(path, import.meta.url).pathname

export default defineConfig({
  plugins: [react(), firstLoadBudget(), mantineStyles()],
  resolve: { alias: { '@': resolved('./src') } },
  server: { port: 5173, strictPort: true, proxy },
  preview: { host: '127.0.0.1', strictPort: true, proxy },
  build: {
    target: 'es2022',
    cssMinify: true,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // What every page needs in one file instead of two dozen: fewer round trips, and 8 kB less when compressed.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'app', tags: ['$initial'] }] } } },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    css: false,
    // One file instead of six thousand.
    alias: { '@tabler/icons-react': resolved('./node_modules/@tabler/icons-react/dist/cjs/tabler-icons-react.cjs') },
    restoreMocks: true,
    testTimeout: 30_000,
    env: { TZ: 'Europe/Berlin' },
  },
})
