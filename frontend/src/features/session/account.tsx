/** The signed-in key, and the sign-out button. Hidden if the gateway requires no key. */
import { ActionIcon } from '@mantine/core'
import { IconLogout } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '@/api/queries'
import { Tooltip } from '@/ui/tooltip'
import classes from './account.module.css'
import { useSignOut } from './queries'

const ROLES = {
  admin: { name: 'Admin', explanation: 'Full access.' },
  viewer: { name: 'Viewer', explanation: 'Read-only.' },
} as const

export function Account() {
  const { data: session } = useQuery(sessionQuery)
  const signOut = useSignOut()
  if (!session || !signOut.isPossible) return null
  const { name, explanation } = ROLES[session.role]
  return (
    <div className={classes.account}>
      <div className={classes.words}>
        <span className={classes.name} dir="auto" title={session.name}>
          {session.name}
        </span>
        <span className={classes.role} title={explanation}>
          {name}
        </span>
      </div>
      <Tooltip label="Sign out">
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          aria-label="Sign out"
          loading={signOut.isPending}
          onClick={signOut.start}
        >
          <IconLogout size={18} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  )
}
