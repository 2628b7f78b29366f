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
import { navigation, type PageIcon } from '@/routes'

const [store, spotlight] = createSpotlight()

export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const signOut = useSignOut()
  useReturnFocus()
  useEffect(() => spotlight.open(), [])

  const action = (label: string, Icon: PageIcon, onClick: () => void): SpotlightActionData => ({
    id: label,
    label,
    leftSection: <Icon size={18} stroke={1.6} aria-hidden />,
    onClick,
  })
  const pages = navigation.map(({ to, title, icon }) => action(title, icon, () => void navigate({ to })))
  const actions = [
    action('Light theme', IconSun, () => setColorScheme('light')),
    action('Dark theme', IconMoon, () => setColorScheme('dark')),
    action('System theme', IconDeviceDesktop, () => setColorScheme('auto')),
    action('API documentation', IconBook, () => window.open('/docs', '_blank', 'noopener')),
    ...(signOut.isPossible ? [action('Sign out', IconLogout, signOut.start)] : []),
  ]
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
