/** The built-in providers without a key, each with its variable. */
import { useQuery } from '@tanstack/react-query'
import { providerStateWords } from '@/lib/provider-words'
import { Panel } from '@/ui/panel'
import { ProviderMark } from '@/ui/provider-mark'
import type { Provider } from './model'
import classes from './not-set-up.module.css'
import { variablesQuery } from './queries'

export function NotSetUp({ providers, onOpen }: { providers: Provider[]; onOpen: (name: string) => void }) {
  const variables = useQuery(variablesQuery).data
  return (
    <Panel
      title="Not set up"
      description="Add a key to .env under the name given here; it is loaded within a second, without a restart."
    >
      <ul className={classes.list}>
        {providers.map(({ name, display_name, status }) => (
          <li key={name}>
            <button type="button" className={classes.card} onClick={() => onOpen(name)}>
              <ProviderMark name={name} />
              <span className={classes.words}>
                <span className={classes.name} dir="auto">
                  {display_name}
                </span>
                <span className={classes.variable}>
                  {status === 'no_key' ? (variables?.get(name) ?? '\u00a0') : providerStateWords(status).name}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
