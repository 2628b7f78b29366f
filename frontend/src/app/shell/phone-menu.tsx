/** The navigation of a phone, from the side. */
import { Drawer } from '@mantine/core'
import { Account } from '@/features/session/account'
import { useFocusBack } from '@/ui/focus-back'
import { Brand } from './brand'
import { ConnectionIndicator } from './connection-indicator'
import { Navigation } from './navigation'
import { ShellActions } from './shell-actions'
import classes from './shell.module.css'

interface PhoneMenuProps {
  onClose: () => void
  onHelp: () => void
  onPalette: () => void
}

export default function PhoneMenu({ onClose, onHelp, onPalette }: PhoneMenuProps) {
  useFocusBack()
  return (
    <Drawer opened onClose={onClose} title={<Brand />} size={272} padding="md">
      <Navigation />
      <div className={classes.drawerFoot}>
        <ConnectionIndicator />
        <Account />
        <ShellActions onHelp={onHelp} onPalette={onPalette} />
      </div>
    </Drawer>
  )
}
