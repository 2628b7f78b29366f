/** A field that suggests and accepts any other text too: a combobox whose list is opened by typing, a click or the arrow keys. */
import { TextInput, type TextInputProps } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import { useBeside } from './beside'
import classes from './suggesting-input.module.css'

interface SuggestingInputProps extends Omit<TextInputProps, 'value' | 'onChange' | 'onFocus' | 'onClick'> {
  value: string
  onChange: (text: string) => void
  suggestions: string[]
  /** Somebody has taken a suggestion, after `onChange` with it. */
  onChoose?: (suggestion: string) => void
  /** The suggestions are chosen by the text already. */
  areMatched?: boolean
  /** At most so many are shown. */
  limit?: number
  /** Stands beside a suggestion. */
  hintOf?: (suggestion: string) => ReactNode
  /** Takes the whole text when it is entered, so that typing begins anew. */
  isSelectedOnFocus?: boolean
}

export function SuggestingInput(props: SuggestingInputProps) {
  const {
    value,
    onChange,
    suggestions,
    onChoose,
    areMatched = false,
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
  // Until something is typed, all are offered, not only those like the chosen one.
  const wanted = isTyped && !areMatched ? value.trim().toLowerCase() : ''
  const offered = suggestions.filter((one) => one.toLowerCase().includes(wanted)).slice(0, limit)
  const isOpen = anchor !== null && offered.length > 0 && !(offered.length === 1 && offered[0] === value)

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
    const next = active === -1 && by === -1 ? offered.length - 1 : (active + by + offered.length) % offered.length
    setActive(next)
    document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' })
  }
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = isOpen ? offered[active] : undefined
    if (event.key === 'Enter' && chosen !== undefined) {
      event.preventDefault()
      choose(chosen)
      return
    }
    if (event.key === 'ArrowDown' && offered.length > 0) move(event, 1)
    else if (event.key === 'ArrowUp' && offered.length > 0) move(event, -1)
    else if (event.key === 'Enter') close()
    else if (event.key === 'Escape' && isOpen) {
      // What lies under the list stays open.
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
        <Suggestions id={listId} anchor={anchor} offered={offered} active={active} onChoose={choose} hintOf={hintOf} />
      )}
    </>
  )
}

interface SuggestionsProps {
  id: string
  anchor: HTMLElement
  offered: string[]
  active: number
  onChoose: (suggestion: string) => void
  hintOf: ((suggestion: string) => ReactNode) | undefined
}

function Suggestions({ id, anchor, offered, active, onChoose, hintOf }: SuggestionsProps) {
  const box = useBeside<HTMLDivElement>(anchor, 'bottom-start')
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
      {offered.map((suggestion, index) => (
        // Keys are pressed in the field, which says which one is meant.
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
