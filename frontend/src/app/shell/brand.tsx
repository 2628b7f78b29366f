/** The name and the logo: a link to the dashboard. */
import { Link } from '@tanstack/react-router'
import { EngineMark } from '@/ui/engine-mark'
import classes from './brand.module.css'

export function Brand() {
  return (
    <Link to="/" className={classes.brand}>
      <EngineMark />
      AI Engine
    </Link>
  )
}
