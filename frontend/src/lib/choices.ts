/** What filters offer. */
import { isSetUp } from './provider-words'

export interface Choice {
  value: string
  label: string
}

/** The providers that are set up. */
export function providerChoices(
  providers: (Parameters<typeof isSetUp>[0] & { name: string; display_name: string })[],
): Choice[] {
  return providers.filter(isSetUp).map(({ name, display_name }) => ({ value: name, label: display_name }))
}

/** The clients of these requests, each once. */
export function clientChoices(requests: { client: string | null; client_name: string | null }[]): Choice[] {
  const names = new Map<string, string>()
  for (const { client, client_name } of requests)
    if (client !== null) names.set(client, client_name === null ? client : `${client_name} (${client})`)
  return Array.from(names, ([value, label]) => ({ value, label }))
}
