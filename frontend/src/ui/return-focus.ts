import { useEffect } from 'react'

/** After Mantine has started to remove the dialog. */
const AFTER_MS = 20

/**
 * Returns the focus to the element that opened a dialog. Mantine does it from the second opening on: a lazy dialog is already open
 * when it is first mounted, which Mantine does not notice.
 */
export function useReturnFocus(isOpen = true): void {
  useEffect(() => {
    if (!isOpen) return
    // The dialog takes the focus a moment later. The document is kept: that of a test is gone before the timeout.
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
