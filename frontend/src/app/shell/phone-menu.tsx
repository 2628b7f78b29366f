/** The navigation on a phone, as a drawer. */
import { Drawer } from '@mantine/core'
import { Account } from '@/features/session/account'
import { useReturnFocus } from '@/ui/return-focus'
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
  useReturnFocus()
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
