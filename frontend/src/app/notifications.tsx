/** Where the outcome of an action is shown; loaded after the page. */
import '@mantine/core/styles/Notification.css'
import '@mantine/notifications/styles.css'
import { Notifications } from '@mantine/notifications'

export default function NotificationCorner() {
  return <Notifications position="bottom-right" autoClose={6000} />
}
