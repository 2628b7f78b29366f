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
    // The dialog takes the focus a moment later. The document is kept: a test's is gone before the wait is over.
    const page = document
    const opener = page.activeElement instanceof HTMLElement ? page.activeElement : null
    return () => {
      const atClose = page.activeElement
      setTimeout(() => {
        const now = page.activeElement
        const isLost = now === null || now === page.body || now === atClose
        if (isLost && opener?.isConnected === true) opener.focus({ preventScroll: true })
      }, AFTER_MS)
    }
  }, [isOpen])
}
