/** The entry point: styles in order, then the app. */
import '@fontsource-variable/inter/wght.css'
import './app/mantine-styles'
import './app/tokens.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { sessionQuery } from './api/queries'
import { App } from './app/app'
import { createQueryClient } from './app/query-client'
import { createAppRouter } from './app/router'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id "root".')
const queryClient = createQueryClient()
// Requested while the page's own chunk is loading.
queryClient.query(sessionQuery).catch(() => {
  // SessionGate requests it again and shows the error.
})
const router = createAppRouter(queryClient)

createRoot(root).render(
  <StrictMode>
    <App queryClient={queryClient} router={router} />
  </StrictMode>,
)
