/** Opens a page or runs an action by its name. */
import '@mantine/core/styles/Mark.css'
import '@mantine/spotlight/styles.css'
import { useMantineColorScheme } from '@mantine/core'
import { createSpotlight, Spotlight, type SpotlightActionData } from '@mantine/spotlight'
import { IconBook, IconDeviceDesktop, IconLogout, IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useSignOut } from '@/features/session/queries'
import { useReturnFocus } from '@/ui/return-focus'
import { navigation } from '@/routes'

const [store, spotlight] = createSpotlight()

export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const signOut = useSignOut()
  useReturnFocus()
  useEffect(() => spotlight.open(), [])

  const pages: SpotlightActionData[] = navigation.map(({ to, title, icon: Icon }) => ({
    id: to,
    label: title,
    leftSection: <Icon size={18} stroke={1.6} aria-hidden />,
    onClick: () => void navigate({ to }),
  }))
  const actions: SpotlightActionData[] = [
    {
      id: 'light',
      label: 'Light theme',
      leftSection: <IconSun size={18} stroke={1.6} aria-hidden />,
      onClick: () => setColorScheme('light'),
    },
    {
      id: 'dark',
      label: 'Dark theme',
      leftSection: <IconMoon size={18} stroke={1.6} aria-hidden />,
      onClick: () => setColorScheme('dark'),
    },
    {
      id: 'auto',
      label: 'System theme',
      leftSection: <IconDeviceDesktop size={18} stroke={1.6} aria-hidden />,
      onClick: () => setColorScheme('auto'),
    },
    {
      id: 'docs',
      label: 'API documentation',
      leftSection: <IconBook size={18} stroke={1.6} aria-hidden />,
      onClick: () => window.open('/docs', '_blank', 'noopener'),
    },
  ]
  if (signOut.isPossible)
    actions.push({
      id: 'sign-out',
      label: 'Sign out',
      leftSection: <IconLogout size={18} stroke={1.6} aria-hidden />,
      onClick: signOut.start,
    })
  return (
    <Spotlight
      store={store}
      shortcut={null}
      lockScroll={false}
      overlayProps={{ backgroundOpacity: 0.4 }}
      attributes={{ content: { 'aria-label': 'Command palette' } }}
      onSpotlightClose={onClose}
      actions={[
        { group: 'Pages', actions: pages },
        { group: 'Actions', actions },
      ]}
      nothingFound="No results"
      highlightQuery
      radius="lg"
      searchProps={{
        leftSection: <IconSearch size={18} stroke={1.6} aria-hidden />,
        placeholder: 'Search pages and actions',
        'aria-label': 'Search pages and actions',
      }}
    />
  )
}
