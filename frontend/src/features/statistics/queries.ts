/** The queries of Statistics, and its downloads. */
import { keepPreviousData, queryOptions, useMutation } from '@tanstack/react-query'
import { dataOf, gateway } from '@/api/client'
import { GatewayError } from '@/lib/gateway-error'
import { isOpenEnded, presetOf, queryOf } from './range'
import type { StatisticsFilters } from './search'

const SOON_MS = 10_000
const LATER_MS = 30_000

/** The newest bucket is still filling: an hour is polled more often than a month. */
function pollInterval(filters: StatisticsFilters): number | false {
  if (!isOpenEnded(filters, Date.now())) return false
  return presetOf(filters)?.value === '1h' ? SOON_MS : LATER_MS
}

export const statisticsQuery = (filters: StatisticsFilters) =>
  queryOptions({
    queryKey: ['statistics', filters],
    queryFn: ({ signal }) =>
      dataOf(gateway.GET('/api/statistics', { params: { query: queryOf(filters, Date.now()) }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: pollInterval(filters),
  })

interface Download {
  blob: Blob
  name: string
}

/** Completes the download before it saves a file: an interrupted one fails instead of looking complete. */
export function useExport(filters: StatisticsFilters) {
  return useMutation({
    mutationFn: async (format: 'csv' | 'json'): Promise<Download> => {
      const query = { ...queryOf(filters, Date.now()), format }
      const call = gateway.GET('/api/statistics/export', { params: { query }, parseAs: 'blob' })
      const { data, response } = await call.catch((cause: unknown) => {
        throw cause instanceof GatewayError
          ? cause
          : new GatewayError('The download broke off.', { status: 502, code: 'broken_off' }, { cause })
      })
      if (data === undefined) throw new GatewayError('The download is empty.', { status: 200, code: 'empty' })
      const name = /filename="([^"/\\]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
      return { blob: data, name: name ?? `ai-engine-statistics.${format}` }
    },
    onSuccess: save,
  })
}

function save({ blob, name }: Download): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // After the browser has started the download.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
