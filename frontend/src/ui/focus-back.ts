import { useEffect } from 'react'

/** After Mantine has taken the dialog away, or begun to. */
const AFTER_MS = 20

/**
 * Gives the focus back to what opened a dialog when it closes. Mantine does it from the second opening on: a dialog that comes
 * with its own chunk is open when it is first mounted, which Mantine does not see.
 */
export function useFocusBack(isOpen = true): void {
  useEffect(() => {
    if (!isOpen) return
    // The dialog takes the focus a moment later.
    const opener = document.activeElement
    return () => {
      const atClose = document.activeElement
      setTimeout(() => {
        const now = document.activeElement
        const isLost = now === null || now === document.body || now === atClose
        if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true })
      }, AFTER_MS)
    }
  }, [isOpen])
}
