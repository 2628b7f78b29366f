/** A bordered surface with a heading. */
import { type ReactNode, useId } from 'react'
import classes from './panel.module.css'

interface PanelProps {
  title?: string
  description?: ReactNode
  actions?: ReactNode
  /** Without padding, for tables. */
  isFlush?: boolean
  children: ReactNode
}

export function Panel({ title, description, actions, isFlush = false, children }: PanelProps) {
  const titleId = useId()
  return (
    <section className={classes.panel} aria-labelledby={title === undefined ? undefined : titleId}>
      {title !== undefined && (
        <div className={isFlush ? `${classes.head} ${classes.flush}` : classes.head}>
          <div>
            <h2 id={titleId} className={classes.title}>
              {title}
            </h2>
            {description !== undefined && <p className={classes.description}>{description}</p>}
          </div>
          {actions}
        </div>
      )}
      <div className={isFlush ? undefined : classes.body}>{children}</div>
    </section>
  )
}
