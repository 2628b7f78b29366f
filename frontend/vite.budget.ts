/** The build fails when the first load outgrows its budget: every script that the entry imports statically, gzipped. */
import { gzipSync } from 'node:zlib'
import type { Plugin, Rollup } from 'vite'

export function firstLoadBudget({ maxGzippedKilobytes }: { maxGzippedKilobytes: number }): Plugin {
  return {
    name: 'first-load-budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = new Map<string, Rollup.OutputChunk>()
      for (const output of Object.values(bundle)) if (output.type === 'chunk') chunks.set(output.fileName, output)
      const loaded = new Set<string>()
      const load = (fileName: string) => {
        if (loaded.has(fileName)) return
        loaded.add(fileName)
        chunks.get(fileName)?.imports.forEach(load)
      }
      for (const chunk of chunks.values()) if (chunk.isEntry) load(chunk.fileName)
      const kilobytes = [...loaded].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? '').length, 0) / 1000
      const verdict = `first load: ${kilobytes.toFixed(1)} kB of JavaScript gzipped (at most ${maxGzippedKilobytes} kB)`
      if (kilobytes > maxGzippedKilobytes) this.error(`${verdict}; load what is not needed at once with import()`)
      this.info(verdict)
    },
  }
}
