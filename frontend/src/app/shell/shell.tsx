/** What stands around every page: navigation, the live connection and its state, colour scheme, palette, shortcuts. */
import { Burger } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef } from 'react'
import type { Schemas } from '@/api/client'
import { live } from '@/api/live'
import { providersQuery } from '@/api/queries'
import { Account } from '@/features/session/account'
import { ProviderNames } from '@/ui/provider-names'
import { Brand } from './brand'
import { ConnectionIndicator } from './connection-indicator'
import { Navigation } from './navigation'
import { ShellActions } from './shell-actions'
import classes from './shell.module.css'
import { useDocumentTitle } from './use-document-title'
import { useShortcuts } from './use-shortcuts'

// None is needed to show a page.
const PhoneMenu = lazy(() => import('./phone-menu'))
const CommandPalette = lazy(() => import('./command-palette'))
const ShortcutHelp = lazy(() => import('./shortcut-help'))

interface ShellProps {
  /** The page takes the focus when it appears: somebody has just signed in, and the form that had it is gone. */
  isFocused: boolean
}

export function Shell({ isFocused }: ShellProps) {
  const queryClient = useQueryClient()
  const [isMenuOpen, menu] = useDisclosure(false)
  const [isHelpOpen, help] = useDisclosure(false)
  const [isPaletteWanted, palette] = useDisclosure(false)
  const main = useRef<HTMLElement>(null)
  const providerNames = useProviderNames()
  const pathname = useRouterState({ select: (state) => state.location.pathname })
  const { close: closeMenu } = menu

  useEffect(() => live.start(queryClient), [queryClient])
  useEffect(() => {
    if (isFocused) main.current?.focus({ preventScroll: true })
  }, [isFocused])
  useDocumentTitle()
  useShortcuts({ onHelp: help.toggle, onPalette: palette.open })
  useEffect(closeMenu, [pathname, closeMenu])
  useFocusOnNavigation(main, pathname)

  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <header className={classes.rail}>
        <Brand />
        <Navigation />
        <div className={classes.foot}>
          <ConnectionIndicator />
          <Account />
          <ShellActions onHelp={help.open} onPalette={palette.open} />
        </div>
      </header>
      <header className={classes.bar}>
        <Burger size="sm" opened={isMenuOpen} onClick={menu.toggle} aria-label="Menu" aria-expanded={isMenuOpen} />
        <Brand />
        <ConnectionIndicator isCompact />
      </header>
      <main id="main" ref={main} tabIndex={-1} className={classes.main}>
        <div className={classes.page}>
          <ProviderNames value={providerNames}>
            <Outlet />
          </ProviderNames>
        </div>
      </main>
      <Suspense>
        {isMenuOpen && <PhoneMenu onClose={menu.close} onHelp={help.open} onPalette={palette.open} />}
        {isPaletteWanted && <CommandPalette onClose={palette.close} />}
        {isHelpOpen && <ShortcutHelp onClose={help.close} />}
      </Suspense>
    </div>
  )
}

const NO_NAMES = {}

/** As the live connection brings them, or a page asks for them. Nothing is asked for here. */
function useProviderNames(): Record<string, string> {
  return useQuery({ ...providersQuery, enabled: false, select: namesOf }).data ?? NO_NAMES
}

function namesOf(providers: Schemas['ProviderView'][]): Record<string, string> {
  return Object.fromEntries(providers.map(({ name, display_name }) => [name, display_name]))
}

/** A screen reader begins to read at the new page, not at the link that led to it. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>, pathname: string): void {
  const seen = useRef(pathname)
  useEffect(() => {
    if (seen.current === pathname) return
    seen.current = pathname
    main.current?.focus({ preventScroll: true })
  }, [main, pathname])
}
