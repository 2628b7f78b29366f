/** A field that narrows a list while it is typed in. */
import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'

interface SearchFieldProps {
  label: string
  placeholder?: string
  value: string | undefined
  /** `undefined` when empty. */
  onChange: (text: string | undefined) => void
  size?: 'xs' | 'sm'
  className?: string | undefined
}

export function SearchField({
  label,
  placeholder = label,
  value = '',
  onChange,
  size = 'sm',
  className,
}: SearchFieldProps) {
  return (
    <TextInput
      type="search"
      size={size}
      className={className}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={15} aria-hidden />}
      maxLength={200}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  )
}
