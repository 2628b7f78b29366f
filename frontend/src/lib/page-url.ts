/** The state of a page that is in its URL. */
import { type RegisteredRouter, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'

type Path = keyof RegisteredRouter['routesByPath']

/**
 * The search parameters of a page, and a function that changes some of them. A change is a step that "back" undoes, unless `isStep`
 * is false: typing and sorting are none.
 */
export function usePageUrl<const P extends Path>(path: P) {
  const search = useSearch({ from: path })
  const navigate = useNavigate()
  const change = useCallback(
    (changed: Partial<typeof search>, isStep = true) => {
      const next = (known: object) => ({ ...known, ...changed })
      void navigate({ to: path, search: next, replace: !isStep, resetScroll: false } as never)
    },
    [navigate, path],
  )
  return [search, change] as const
}

/** The same object as before as long as its content is the same. */
export function useStable<Value extends object>(value: Value): Value {
  const key = JSON.stringify(value)
  return useMemo(() => JSON.parse(key) as Value, [key])
}

/** How many of these parameters are set. */
export function countSet(parameters: Readonly<Record<string, unknown>>): number {
  return Object.values<unknown>(parameters).filter((value) => value !== undefined).length
}
