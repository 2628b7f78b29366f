/** A provider's initials on a colour that depends on its name. Logos are not ours to ship. */
import { use } from 'react'
import classes from './provider-mark.module.css'
import { ProviderNames } from './provider-names'

const HUES = [252, 172, 24, 330, 212, 88, 290, 48, 142, 192]

interface ProviderMarkProps {
  name: string
  size?: 'sm' | 'md'
}

export function ProviderMark({ name, size = 'md' }: ProviderMarkProps) {
  const names = use(ProviderNames)
  const hue =
    HUES[Array.from(name).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % HUES.length]
  return (
    <span className={classes.mark} data-size={size} style={{ '--hue': hue } as React.CSSProperties} aria-hidden>
      {initialsOf(Object.hasOwn(names, name) ? (names[name] ?? name) : name)}
    </span>
  )
}

/** `OpenAI` → `OA`, `Together AI` → `TA`, `Groq` → `G`. */
function initialsOf(displayName: string): string {
  const words = displayName.split(/[\s._/-]+/u).filter(Boolean)
  const capitals = Array.from(displayName).filter((letter) => /\p{Lu}/u.test(letter))
  const letters =
    words.length > 1
      ? words.map((word) => Array.from(word)[0] ?? '')
      : capitals.length > 1
        ? capitals
        : Array.from(displayName)
  return letters
    .slice(0, words.length > 1 || capitals.length > 1 ? 2 : 1)
    .join('')
    .toUpperCase()
}
