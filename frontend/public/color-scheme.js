// What `ColorSchemeScript` of Mantine does inline, as a file that a strict Content-Security-Policy allows.
try {
  var chosen = localStorage.getItem('mantine-color-scheme-value')
  var isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
} catch {
  // Storage may be forbidden; the page then begins in the light and follows the system once it runs.
}
