/** The build fails if a Mantine component is used without its styles, which no test would notice. */
import type { Plugin } from 'vite'

const COMPONENT = /\/@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/

export function mantineStyles(): Plugin {
  return {
    name: 'mantine-styles',
    apply: 'build',
    generateBundle(_options, bundle) {
      const modules = [...this.getModuleIds()]
      const used = Object.values(bundle)
        .flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []))
        .flatMap((id) => COMPONENT.exec(id)?.[1] ?? [])
      for (const name of new Set(used))
        if (!modules.some((id) => id.endsWith(`/@mantine/core/styles/${name}.css`)))
          this.error(`${name} is used without its styles: import them in src/app/mantine-styles.ts`)
    },
  }
}
