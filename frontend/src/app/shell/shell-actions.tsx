/** The shell's buttons: theme, command palette, shortcuts. */
import { ActionIcon, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconKeyboard, IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import type { PageIcon } from '@/routes'
import { Tooltip } from '@/ui/tooltip'
import classes from './shell-actions.module.css'

const SCHEMES = {
  light: { name: 'light', icon: IconSun, next: 'dark' },
  dark: { name: 'dark', icon: IconMoon, next: 'auto' },
  auto: { name: 'system', icon: IconDeviceDesktop, next: 'light' },
} as const

interface ShellActionsProps {
  onHelp: () => void
  onPalette: () => void
}

export function ShellActions({ onHelp, onPalette }: ShellActionsProps) {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { name, icon, next } = SCHEMES[colorScheme]
  return (
    <div className={classes.actions}>
      <Action
        label={`Theme: ${name}`}
        hint={`Theme: ${name}. Click for ${SCHEMES[next].name}.`}
        icon={icon}
        onClick={() => setColorScheme(next)}
      />
      <Action label="Command palette" hint="Command palette (Ctrl K)" icon={IconSearch} onClick={onPalette} />
      <Action label="Keyboard shortcuts" hint="Keyboard shortcuts (?)" icon={IconKeyboard} onClick={onHelp} />
    </div>
  )
}

interface ActionProps {
  label: string
  hint: string
  icon: PageIcon
  onClick: () => void
}

function Action({ label, hint, icon: Icon, onClick }: ActionProps) {
  return (
    <Tooltip label={hint}>
      <ActionIcon variant="subtle" color="gray" size={32} aria-label={label} onClick={onClick}>
        <Icon size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}
