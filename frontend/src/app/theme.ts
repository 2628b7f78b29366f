/** Mantine with our design tokens: one type scale, one spacing scale, and the colours of tokens.css. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const iris: MantineColorsTuple = [
  '#f0f1fe',
  '#e6e7ff',
  '#dadcff',
  '#cbcdff',
  '#b8baf8',
  '#9b9ef0',
  '#6460d4',
  '#5753c6',
  '#4b47b0',
  '#272962',
]

const overlay = {
  lockScroll: false,
  overlayProps: { backgroundOpacity: 0.4 },
  closeButtonProps: { 'aria-label': 'Close' },
  // Its `<header>` would be a second banner landmark, beside the shell's.
  attributes: { header: { role: 'presentation' } },
}

export const theme = createTheme({
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 6 },
  colors: { iris },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: 'var(--ae-font-mono)',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.35' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '14px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.45' },
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm', fw: 550 } },
    TextInput: { defaultProps: { size: 'sm' } },
    // The page keeps its scrollbar, and so its width, below an overlay.
    Modal: { defaultProps: { centered: true, radius: 'lg', ...overlay }, styles: { title: { fontWeight: 600 } } },
    Drawer: { defaultProps: overlay, styles: { title: { fontWeight: 600 } } },
  },
})

export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--ae-surface)',
    '--mantine-color-text': 'var(--ae-text)',
    '--mantine-color-dimmed': 'var(--ae-text-muted)',
    '--mantine-color-placeholder': 'var(--ae-text-faint)',
    '--mantine-color-anchor': 'var(--ae-accent-text)',
    '--mantine-color-error': 'var(--ae-down-text)',
    '--mantine-color-default': 'var(--ae-surface)',
    '--mantine-color-default-hover': 'var(--ae-surface-hover)',
    '--mantine-color-default-color': 'var(--ae-text)',
    '--mantine-color-default-border': 'var(--ae-border-strong)',
    '--mantine-color-disabled': 'var(--ae-surface-sunken)',
    '--mantine-color-disabled-color': 'var(--ae-text-faint)',
    '--mantine-color-disabled-border': 'var(--ae-border)',
  }
  // What Mantine takes from its own greys: menus, inputs, keys.
  const dark = {
    '--mantine-color-dark-0': 'var(--ae-text)',
    '--mantine-color-dark-1': 'var(--ae-text-muted)',
    '--mantine-color-dark-2': 'var(--ae-text-muted)',
    '--mantine-color-dark-3': 'var(--ae-text-faint)',
    '--mantine-color-dark-4': 'var(--ae-border-strong)',
    '--mantine-color-dark-5': 'var(--ae-border-strong)',
    '--mantine-color-dark-6': 'var(--ae-surface-sunken)',
    '--mantine-color-dark-7': 'var(--ae-surface)',
    '--mantine-color-dark-8': 'var(--ae-surface-sunken)',
  }
  const light = {
    '--mantine-color-gray-1': 'var(--ae-surface-sunken)',
    '--mantine-color-gray-2': 'var(--ae-border)',
    '--mantine-color-gray-3': 'var(--ae-border-strong)',
    '--mantine-color-gray-4': 'var(--ae-border-strong)',
    '--mantine-color-gray-7': 'var(--ae-text-muted)',
  }
  return { variables: {}, light: { ...shared, ...light }, dark: { ...shared, ...dark } }
}
