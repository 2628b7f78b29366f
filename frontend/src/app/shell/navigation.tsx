/** The pages; the open one is marked, also for screen readers. */
import { Link } from '@tanstack/react-router'
import { navigation } from '@/routes'
import classes from './navigation.module.css'

export function Navigation() {
  return (
    <nav aria-label="Pages" className={classes.navigation}>
      {navigation.map(({ to, title, icon: Icon }) => (
        <Link key={to} to={to} className={classes.link} activeOptions={{ exact: to === '/', includeSearch: false }}>
          <Icon size={18} stroke={1.6} aria-hidden />
          {title}
        </Link>
      ))}
    </nav>
  )
}
