/**
 * The build fails when a first load outgrows its budget: every script that a page needs before it shows, gzipped. The page at `/`
 * is held to 200 kB; one that is opened directly, by a link, may bring its own tools.
 */
import { gzipSync } from 'node:zlib'
import type { Plugin, Rollup } from 'vite'

const MOST_KILOBYTES = { first: 200, any: 230 }
const FIRST_PAGE = 'dashboard'
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
      const loads = pages.map((page) => ({
        name: PAGE.exec(page.facadeModuleId ?? '')?.[1] ?? '',
        kilobytes: gzippedKilobytes([...entry, page], chunks),
      }))
      const told = loads.map(({ name, kilobytes }) => `${name} ${kilobytes.toFixed(1)} kB`).join(', ')
      this.info(`before a page shows, gzipped: ${told}`)
      for (const { name, kilobytes } of loads) {
        const most = name === FIRST_PAGE ? MOST_KILOBYTES.first : MOST_KILOBYTES.any
        if (kilobytes > most)
          this.error(`${name} needs ${kilobytes.toFixed(1)} kB of JavaScript, more than ${most}: use lazy()`)
      }
    },
  }
}

/** Of these chunks and all that they import statically. */
function gzippedKilobytes(roots: Rollup.OutputChunk[], chunks: Rollup.OutputChunk[]): number {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const loaded = new Set<Rollup.OutputChunk>()
  const load = (chunk: Rollup.OutputChunk | undefined) => {
    if (chunk === undefined || loaded.has(chunk)) return
    loaded.add(chunk)
    chunk.imports.forEach((name) => {
      load(byName.get(name))
    })
  }
  roots.forEach(load)
  return [...loaded].reduce((sum, { code }) => sum + gzipSync(code).length, 0) / 1000
}
