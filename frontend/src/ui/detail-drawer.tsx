/** The details of one item beside its list; the URL says which item. */
import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './detail-drawer.module.css'
import { useReturnFocus } from './return-focus'

interface DetailDrawerProps {
  isOpen: boolean
  onClose: () => void
  title: ReactNode
  /** In pixels, where the screen has as many. */
  width: number
  /** The content begins with tabs, right below the title. */
  hasTabs?: boolean
  /** Mounted while the drawer is open. */
  children: ReactNode
}

export function DetailDrawer({ isOpen, onClose, title, width, hasTabs = false, children }: DetailDrawerProps) {
  useReturnFocus(isOpen)
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="right"
      size={`min(${width}px, 100vw)`}
      title={title}
      mod={{ tabs: hasTabs }}
      classNames={{ root: classes.drawer, header: classes.header, title: classes.title, body: classes.body }}
    >
      {isOpen && children}
    </Drawer>
  )
}
