// Lint rules of the frontend: strict types, accessible markup, and imports that only go down the layers
// (main › app › routes › features › ui | api | lib; no feature knows another).
import { readdirSync } from 'node:fs'
import js from '@eslint/js'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import importX from 'eslint-plugin-import-x'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import { defineConfig } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const layersAbove = {
  routes: ['app'],
  features: ['routes', 'app'],
  ui: ['api', 'features', 'routes', 'app'],
  api: ['ui', 'features', 'routes', 'app'],
  lib: ['ui', 'api', 'features', 'routes', 'app'],
}
const zones = [
  ...Object.entries(layersAbove).map(([layer, above]) => ({
    target: `./src/${layer}`,
    from: above.map((name) => `./src/${name}`),
  })),
  ...readdirSync('./src/features').map((feature) => ({
    target: `./src/features/${feature}`,
    from: './src/features',
    except: [`./${feature}`],
  })),
]

export default defineConfig(
  { ignores: ['dist', 'src/api/schema.gen.ts', 'public', 'e2e/.results', 'e2e/.report'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, jsxA11y.flatConfigs.recommended],
    languageOptions: { parserOptions: { projectService: true }, globals: globals.browser },
    plugins: { 'import-x': importX, 'react-hooks': reactHooks },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      ...reactHooks.configs.recommended.rules,
      // For the React Compiler, which is not used.
      'react-hooks/incompatible-library': 'off',
      'import-x/no-restricted-paths': ['error', { zones }],
      // Scrollable groups and code are focusable, so that they scroll by keyboard.
      'jsx-a11y/no-noninteractive-tabindex': [
        'error',
        { tags: ['pre'], roles: ['group', 'tabpanel'], allowExpressionValues: true },
      ],
      'max-lines': ['error', 250],
      'max-lines-per-function': ['error', { max: 100, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'Untrusted HTML would run: render it as text.',
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // `onClick={() => open(id)}` needs no braces.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Handlers may be async: mutations handle their own failures.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      // The router throws its own objects: redirects and not-founds.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allow: [{ from: 'package', package: '@tanstack/router-core', name: ['Redirect', 'NotFoundError'] }] },
      ],
    },
  },
  {
    files: ['**/*.test.{ts,tsx}'],
    rules: { 'max-lines-per-function': 'off' },
  },
  // Playwright's fixtures have a parameter `use`, and `{}` if they need no other fixture.
  {
    files: ['e2e/**/*.ts'],
    rules: {
      'react-hooks/rules-of-hooks': 'off',
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
    },
  },
  // Journeys run in Node and in the browser.
  { files: ['*.js', 'e2e/**'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
)
