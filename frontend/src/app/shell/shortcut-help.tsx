/** Every keyboard shortcut, behind `?`. */
import { Kbd, Modal } from '@mantine/core'
import { Fragment } from 'react'
import { navigation } from '@/routes'
import { useReturnFocus } from '@/ui/return-focus'
import classes from './shortcut-help.module.css'

const GENERAL = [
  { keys: ['Ctrl', 'K'], does: 'Open the command palette' },
  { keys: ['?'], does: 'Show this list' },
  { keys: ['Esc'], does: 'Close the dialog' },
]

export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  useReturnFocus()
  const pages = navigation.map(({ title, shortcut }) => ({ keys: ['g', shortcut], does: title }))
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size="sm">
      <List shortcuts={GENERAL} />
      <h3 className={classes.heading}>Pages</h3>
      <List shortcuts={pages} />
    </Modal>
  )
}

function List({ shortcuts }: { shortcuts: { keys: string[]; does: string }[] }) {
  return (
    <dl className={classes.list}>
      {shortcuts.map(({ keys, does }) => (
        <Fragment key={does}>
          <dt>{does}</dt>
          <dd>
            {keys.map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </dd>
        </Fragment>
      ))}
    </dl>
  )
}
