/** What Statistics asks, and its downloads. */
import { keepPreviousData, queryOptions, useMutation } from '@tanstack/react-query'
import { dataOf, gateway } from '@/api/client'
import { GatewayError } from '@/lib/gateway-error'
import { isOpenEnded, presetOf, queryOf } from './range'
import type { Asked } from './search'

const SOON_MS = 10_000
const LATER_MS = 30_000

/** The newest bucket fills while one looks: an hour is asked for again sooner than a month. */
function repeatedAfter(asked: Asked): number | false {
  if (!isOpenEnded(asked, Date.now())) return false
  return presetOf(asked)?.value === '1h' ? SOON_MS : LATER_MS
}

export const statisticsQuery = (asked: Asked) =>
  queryOptions({
    queryKey: ['statistics', asked],
    queryFn: ({ signal }) =>
      dataOf(gateway.GET('/api/statistics', { params: { query: queryOf(asked, Date.now()) }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: repeatedAfter(asked),
  })

interface Download {
  blob: Blob
  name: string
}

/** The whole download before the browser gets a file: one that broke off half-way is a failure, and never a file that looks whole. */
export function useExport(asked: Asked) {
  return useMutation({
    mutationFn: async (format: 'csv' | 'json'): Promise<Download> => {
      const query = { ...queryOf(asked, Date.now()), format }
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
  // Not before the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
