/** The name and its mark, which lead home. */
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
