/** The frame of every page: navigation, live connection, theme, command palette, shortcuts. */
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

// Not needed to show a page.
const PhoneMenu = lazy(() => import('./phone-menu'))
const CommandPalette = lazy(() => import('./command-palette'))
const ShortcutHelp = lazy(() => import('./shortcut-help'))

interface ShellProps {
  /** The page takes the focus when it appears: the sign-in form that had it is gone. */
  isFocused: boolean
}

export function Shell({ isFocused }: ShellProps) {
  const queryClient = useQueryClient()
  const [isMenuOpen, menu] = useDisclosure(false)
  const [isHelpOpen, help] = useDisclosure(false)
  const [isPaletteOpen, palette] = useDisclosure(false)
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
        Skip to content
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
        {isPaletteOpen && <CommandPalette onClose={palette.close} />}
        {isHelpOpen && <ShortcutHelp onClose={help.close} />}
      </Suspense>
    </div>
  )
}

const NO_NAMES = {}

/** From the cache: the live connection, or a page, fills it. */
function useProviderNames(): Record<string, string> {
  return useQuery({ ...providersQuery, enabled: false, select: namesOf }).data ?? NO_NAMES
}

function namesOf(providers: Schemas['ProviderView'][]): Record<string, string> {
  return Object.fromEntries(providers.map(({ name, display_name }) => [name, display_name]))
}

/** A screen reader starts reading at the new page, not at the link that was followed. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>, pathname: string): void {
  const former = useRef(pathname)
  useEffect(() => {
    if (former.current === pathname) return
    former.current = pathname
    main.current?.focus({ preventScroll: true })
  }, [main, pathname])
}
