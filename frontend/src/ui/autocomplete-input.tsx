/** A text field with suggestions, opened by typing, a click or the arrow keys; any other text is accepted, too. */
import { TextInput, type TextInputProps } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import { useFloating } from './floating'
import classes from './autocomplete-input.module.css'

interface AutocompleteInputProps extends Omit<TextInputProps, 'value' | 'onChange' | 'onFocus' | 'onClick'> {
  value: string
  onChange: (text: string) => void
  suggestions: string[]
  /** A suggestion was chosen; called after `onChange`. */
  onChoose?: (suggestion: string) => void
  /** The suggestions are already filtered by the text. */
  isFiltered?: boolean
  /** The most suggestions shown. */
  limit?: number
  /** Shown beside a suggestion. */
  hintOf?: (suggestion: string) => ReactNode
  /** Selects the whole text on focus. */
  isSelectedOnFocus?: boolean
}

export function AutocompleteInput(props: AutocompleteInputProps) {
  const {
    value,
    onChange,
    suggestions,
    onChoose,
    isFiltered = false,
    limit = 50,
    hintOf,
    isSelectedOnFocus = false,
    onBlur,
    onKeyDown,
    readOnly,
    ...input
  } = props
  const listId = useId()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [isTyped, setIsTyped] = useState(false)
  const [active, setActive] = useState(-1)
  // Before typing all are suggested, not only those that contain the current value.
  const filter = isTyped && !isFiltered ? value.trim().toLowerCase() : ''
  const shown = suggestions.filter((one) => one.toLowerCase().includes(filter)).slice(0, limit)
  const isOpen = anchor !== null && shown.length > 0 && !(shown.length === 1 && shown[0] === value)

  const open = (field: HTMLElement) => {
    if (readOnly !== true) setAnchor(field)
  }
  const close = () => {
    setAnchor(null)
    setActive(-1)
  }
  const choose = (suggestion: string) => {
    close()
    setIsTyped(false)
    onChange(suggestion)
    onChoose?.(suggestion)
  }
  const move = (event: KeyboardEvent<HTMLInputElement>, by: 1 | -1) => {
    event.preventDefault()
    open(event.currentTarget)
    const next = active === -1 && by === -1 ? shown.length - 1 : (active + by + shown.length) % shown.length
    setActive(next)
    document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' })
  }
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = isOpen ? shown[active] : undefined
    if (event.key === 'Enter' && chosen !== undefined) {
      event.preventDefault()
      choose(chosen)
      return
    }
    if (event.key === 'ArrowDown' && shown.length > 0) move(event, 1)
    else if (event.key === 'ArrowUp' && shown.length > 0) move(event, -1)
    else if (event.key === 'Enter') close()
    else if (event.key === 'Escape' && isOpen) {
      // A dialog below the list stays open.
      event.stopPropagation()
      close()
    }
    onKeyDown?.(event)
  }

  return (
    <>
      <TextInput
        autoComplete="off"
        {...input}
        readOnly={readOnly}
        role="combobox"
        aria-expanded={isOpen}
        aria-autocomplete="list"
        aria-controls={isOpen ? listId : undefined}
        aria-activedescendant={isOpen && active !== -1 ? `${listId}-${active}` : undefined}
        value={value}
        onChange={(event) => {
          setIsTyped(true)
          setActive(-1)
          open(event.currentTarget)
          onChange(event.currentTarget.value)
        }}
        onFocus={(event) => {
          setIsTyped(false)
          open(event.currentTarget)
          if (isSelectedOnFocus) event.currentTarget.select()
        }}
        onClick={(event) => open(event.currentTarget)}
        onBlur={(event) => {
          close()
          onBlur?.(event)
        }}
        onKeyDown={press}
      />
      {isOpen && (
        <Suggestions id={listId} anchor={anchor} shown={shown} active={active} onChoose={choose} hintOf={hintOf} />
      )}
    </>
  )
}

interface SuggestionsProps {
  id: string
  anchor: HTMLElement
  shown: string[]
  active: number
  onChoose: (suggestion: string) => void
  hintOf: ((suggestion: string) => ReactNode) | undefined
}

function Suggestions({ id, anchor, shown, active, onChoose, hintOf }: SuggestionsProps) {
  const box = useFloating<HTMLDivElement>(anchor, 'bottom-start')
  return (
    <div
      ref={box}
      id={id}
      popover="manual"
      role="listbox"
      tabIndex={-1}
      aria-label="Suggestions"
      className={classes.list}
      style={{ minWidth: anchor.offsetWidth }}
      // The field keeps the focus.
      onPointerDown={(event) => event.preventDefault()}
      onMouseDown={(event) => event.preventDefault()}
    >
      {shown.map((suggestion, index) => (
        // Keys are handled by the field.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={suggestion}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          tabIndex={-1}
          className={classes.option}
          onClick={() => onChoose(suggestion)}
        >
          <span dir="auto">{suggestion}</span>
          {hintOf && <span className={classes.hint}>{hintOf(suggestion)}</span>}
        </div>
      ))}
    </div>
  )
}
