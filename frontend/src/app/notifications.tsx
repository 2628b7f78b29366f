/** Where it is told what came of an action; it is there a moment after the page. */
import '@mantine/core/styles/Notification.css'
import '@mantine/notifications/styles.css'
import { Notifications } from '@mantine/notifications'

export default function NotificationCorner() {
  return <Notifications position="bottom-right" autoClose={6000} />
}
