/** Waits that are to be noticed only once they have lasted. */
import { useEffect, useState } from 'react'

/** Whether so long has passed since this was first shown. */
export function useIsOver(milliseconds: number): boolean {
  const [isOver, setIsOver] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIsOver(true), milliseconds)
    return () => clearTimeout(timer)
  }, [milliseconds])
  return isOver
}
