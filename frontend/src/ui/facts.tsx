/** Names and values in two columns, in one where there is no room. */
import type { ReactNode } from 'react'
import classes from './facts.module.css'

export function Facts({ children }: { children: ReactNode }) {
  return <dl>{children}</dl>
}

/** A name and a value, styled by their list. */
export function Term({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

interface FactProps {
  name: string
  /** What the value means or how to change it. */
  hint?: ReactNode
  children: ReactNode
}

export function Fact({ name, hint, children }: FactProps) {
  return (
    <div className={classes.fact}>
      <dt className={classes.name}>{name}</dt>
      <dd className={classes.value}>
        <div dir="auto">{children}</div>
        {hint !== undefined && <div className={classes.hint}>{hint}</div>}
      </dd>
    </div>
  )
}
