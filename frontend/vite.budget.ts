/**
 * The build fails if the first load of a page exceeds its budget: every script that it needs before it is shown, gzipped. Charts have
 * their own chunk, which no page waits for.
 */
import { gzipSync } from 'node:zlib'
import type { Plugin, Rollup } from 'vite'

const MOST_KILOBYTES = 200
const CHART = /\/ui\/charts\/time-chart\.tsx$/
const PAGE = /\/features\/([\w-]+)\/[\w-]+-page\.tsx$/

export function firstLoadBudget(): Plugin {
  return {
    name: 'first-load-budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
      const entry = chunks.filter((chunk) => chunk.isEntry)
      const pages = chunks.filter((chunk) => PAGE.test(chunk.facadeModuleId ?? ''))
      if (pages.length === 0) this.error('no page was found to measure')
      const loads = pages.map((page) => {
        const loaded = loadedWith([...entry, page], chunks)
        return {
          name: PAGE.exec(page.facadeModuleId ?? '')?.[1] ?? '',
          kilobytes: loaded.reduce((sum, { code }) => sum + gzipSync(code).length, 0) / 1000,
          hasCharts: loaded.some(({ moduleIds }) => moduleIds.some((id) => CHART.test(id))),
        }
      })
      const summary = loads.map(({ name, kilobytes }) => `${name} ${kilobytes.toFixed(1)} kB`).join(', ')
      this.info(`before a page shows, gzipped: ${summary}`)
      for (const { name, kilobytes, hasCharts } of loads) {
        if (hasCharts) this.error(`${name} waits for the charts: they come through ui/charts.tsx`)
        if (kilobytes > MOST_KILOBYTES)
          this.error(`${name} needs ${kilobytes.toFixed(1)} kB of JavaScript, more than ${MOST_KILOBYTES}: use lazy()`)
      }
    },
  }
}

/** Of these chunks and all that they import statically. */
function loadedWith(roots: Rollup.OutputChunk[], chunks: Rollup.OutputChunk[]): Rollup.OutputChunk[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const loaded = new Set<Rollup.OutputChunk>()
  const load = (chunk: Rollup.OutputChunk | undefined) => {
    if (chunk === undefined || loaded.has(chunk)) return
    loaded.add(chunk)
    chunk.imports.forEach((name) => load(byName.get(name)))
  }
  roots.forEach(load)
  return [...loaded]
}
