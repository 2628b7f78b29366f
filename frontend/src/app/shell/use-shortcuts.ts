/** Shortcuts of every page: `g` and a letter opens a page, `?` lists all of them, Ctrl or Cmd K opens the command palette. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { navigation } from '@/routes'

const LONGEST_PAUSE_MS = 1_200

interface Shortcuts {
  onHelp: () => void
  onPalette: () => void
}

export function useShortcuts({ onHelp, onPalette }: Shortcuts): void {
  const navigate = useNavigate()
  useEffect(() => {
    let goPressedAtMs = -Infinity
    const onKeyDown = (event: KeyboardEvent) => {
      const isPalette = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)
      if (isPalette) {
        event.preventDefault()
        onPalette()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isOverlayOpen()) return
      const isSecond = event.timeStamp - goPressedAtMs < LONGEST_PAUSE_MS
      goPressedAtMs = event.key === 'g' ? event.timeStamp : -Infinity
      const page = isSecond ? navigation.find(({ shortcut }) => shortcut === event.key) : undefined
      if (page) void navigate({ to: page.to })
      else if (event.key === '?') onHelp()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [navigate, onHelp, onPalette])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

function isOverlayOpen(): boolean {
  return document.querySelector('[role="dialog"]') !== null
}
