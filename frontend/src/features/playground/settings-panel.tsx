/** The model and the parameters. */
import { Collapse, NativeSelect, Switch, Textarea, UnstyledButton } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconAdjustments, IconChevronDown } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '@/api/queries'
import { NumberField } from '@/ui/number-field'
import { ModelPicker } from './model-picker'
import { type ChatSettings, DEFAULT_MODEL, EFFORTS } from './search'
import classes from './settings-panel.module.css'

/** An empty one is not sent: the provider's default applies. */
const PARAMETERS = [
  { name: 'temperature', label: 'Temperature', min: 0, max: 2, step: 0.1 },
  { name: 'max_tokens', label: 'Max tokens', min: 1, isWhole: true },
  { name: 'top_p', label: 'Top p', min: 0, max: 1, step: 0.05 },
  { name: 'seed', label: 'Seed', isWhole: true },
  { name: 'frequency_penalty', label: 'Frequency penalty', min: -2, max: 2, step: 0.1 },
  { name: 'presence_penalty', label: 'Presence penalty', min: -2, max: 2, step: 0.1 },
] as const

interface SettingsPanelProps {
  settings: ChatSettings
  system: string
  onChange: (changed: ChatSettings) => void
  onSystem: (system: string) => void
}

export function SettingsPanel(props: SettingsPanelProps) {
  const isNarrow = useMediaQuery('(max-width: 1000px)', false)
  const [isOpen, { toggle }] = useDisclosure(false)
  if (!isNarrow)
    return (
      <section className={classes.panel} aria-label="Model and parameters">
        <Fields {...props} />
      </section>
    )
  return (
    <section className={classes.panel} aria-label="Model and parameters">
      <UnstyledButton className={classes.toggle} aria-expanded={isOpen} onClick={toggle}>
        <IconAdjustments size={16} stroke={1.7} aria-hidden />
        <span className={classes.summary} dir="auto">
          {props.settings.model ?? DEFAULT_MODEL}
        </span>
        <IconChevronDown className={classes.chevron} size={16} aria-hidden />
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <div className={classes.inner}>
          <Fields {...props} />
        </div>
      </Collapse>
    </section>
  )
}

function Fields({ settings, system, onChange, onSystem }: SettingsPanelProps) {
  const { data: status } = useQuery(statusQuery)
  const byDefault = status?.configuration.autodecide ?? true
  return (
    <div className={classes.fields}>
      <ModelPicker model={settings.model} onChange={(model) => onChange({ model })} />
      <Switch
        label="Autodecide"
        description="Any provider of the model; off: only the preferred one."
        checked={settings.autodecide ?? byDefault}
        onChange={(event) => {
          const isOn = event.currentTarget.checked
          onChange({ autodecide: isOn === byDefault ? undefined : isOn })
        }}
      />
      <Textarea
        label="System prompt"
        placeholder="Instructions for the model"
        autosize
        minRows={2}
        maxRows={8}
        dir="auto"
        value={system}
        onChange={(event) => onSystem(event.currentTarget.value)}
      />
      <div className={classes.parameters}>
        {PARAMETERS.map(({ name, ...field }) => (
          <NumberField
            key={name}
            placeholder="not sent"
            value={settings[name]}
            onChange={(value) => onChange({ [name]: value })}
            {...field}
          />
        ))}
      </div>
      <NativeSelect
        label="Reasoning effort"
        data={[{ value: '', label: 'not sent' }, ...EFFORTS]}
        value={settings.reasoning_effort ?? ''}
        onChange={(event) => {
          const chosen = event.currentTarget.value
          onChange({ reasoning_effort: EFFORTS.find((effort) => effort === chosen) })
        }}
      />
    </div>
  )
}
