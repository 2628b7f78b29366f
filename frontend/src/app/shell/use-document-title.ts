import { useMatches } from '@tanstack/react-router'
import { useEffect } from 'react'

/** The open page's title in the browser's tab. */
export function useDocumentTitle(): void {
  const title = useMatches({
    select: (matches) => matches.findLast((match) => match.staticData.title)?.staticData.title,
  })
  useEffect(() => {
    document.title = title ? `${title} · AI Engine` : 'AI Engine'
  }, [title])
}
