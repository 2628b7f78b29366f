/** What Settings asks and does beyond the shared status. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf, gateway } from '@/api/client'
import { statusQuery } from '@/api/queries'

export function useReload() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => answerOf(gateway.POST('/api/config/reload')),
    // Whatever was known may have changed with the configuration.
    onSuccess: () => cache.invalidateQueries({ queryKey: statusQuery.queryKey }),
  })
}
