/** The root that every route hangs on; `app/router.tsx` gives it the shell. */
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext } from '@tanstack/react-router'
import type { ComponentType } from 'react'

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** The document's title, before " · AI Engine". */
    title?: string
    /** Where the page stands in the navigation; none for pages that are opened from others. */
    navigation?: {
      icon: ComponentType<{ size?: number; stroke?: number; 'aria-hidden'?: boolean }>
      /** Pressed after `g`: "g s" opens Settings. */
      shortcut: string
    }
  }
}

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()()
