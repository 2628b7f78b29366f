/** ESLint's `import-x/no-cycle` ignores imports of types: this counts them. */
import { dirname, join } from 'node:path/posix'
import ts from 'typescript'
import { expect, test } from 'vitest'

const sources = import.meta.glob<string>('/{src,e2e}/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true })
const imports = new Map(Object.entries(sources).map(([file, source]) => [file, importsOf(file, source)]))

test('no module imports itself through others, not even types', () => {
  const cycles = [...imports.keys()].map(cycleOf).filter((cycle) => cycle !== null)

  expect(cycles.map((cycle) => cycle.join(' → '))).toEqual([])
})

/** Static and dynamic imports, imports of types, and re-exports. */
function importsOf(file: string, source: string): string[] {
  return ts.preProcessFile(source).importedFiles.flatMap(({ fileName }) => {
    const path = fileName.startsWith('.') ? join(dirname(file), fileName) : fileName.replace(/^@\//, '/src/')
    return ['', '.ts', '.tsx', '/index.ts'].map((ending) => path + ending).find((each) => each in sources) ?? []
  })
}

/** The shortest way from a module back to itself; `null` if there is none. */
function cycleOf(start: string): string[] | null {
  const paths = [[start]]
  const seen = new Set<string>()
  for (const path of paths)
    for (const next of imports.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, start]
      if (!seen.has(next)) paths.push([...path, next])
      seen.add(next)
    }
  return null
}
