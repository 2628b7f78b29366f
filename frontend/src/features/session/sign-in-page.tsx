/** The sign-in form, shown at the URL of the page that was opened. */
import { Button, PasswordInput, VisuallyHidden } from '@mantine/core'
import { IconLogin2 } from '@tabler/icons-react'
import { type SubmitEvent, useEffect, useRef, useState } from 'react'
import { errorSentence } from '@/lib/error-words'
import { GatewayError } from '@/lib/gateway-error'
import { EngineMark } from '@/ui/engine-mark'
import { useSignIn } from './queries'
import classes from './sign-in-page.module.css'

interface SignInPageProps {
  /** The user was signed in before: the session ended, or they signed out. */
  wasSignedIn: boolean
}

export default function SignInPage({ wasSignedIn }: SignInPageProps) {
  useEffect(() => {
    document.title = 'Sign in · AI Engine'
  }, [])
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <EngineMark size={36} />
        <h1 className={classes.title}>Sign in to AI Engine</h1>
        <p className={classes.lead}>
          {wasSignedIn ? 'You are signed out. Sign in to return to this page.' : 'This gateway requires a key.'}
        </p>
        <SignInForm />
        <WhereIsTheKey />
      </div>
    </main>
  )
}

function SignInForm() {
  const signIn = useSignIn()
  const input = useRef<HTMLInputElement>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  useEffect(() => input.current?.focus(), [])

  const refuse = (reason: string) => {
    setRefusal(reason)
    input.current?.focus()
    input.current?.select()
  }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const key = input.current?.value.trim() ?? ''
    if (key === '') {
      refuse('Enter a key.')
      return
    }
    signIn.mutate(key, {
      onError: (error) => refuse(refusalOf(error)),
    })
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      {/* Password managers store a password with a user name. */}
      <VisuallyHidden aria-hidden>
        <input name="username" autoComplete="username" value="AI Engine" readOnly tabIndex={-1} />
      </VisuallyHidden>
      <KeyInput ref={input} refusal={refusal} />
      <Button type="submit" fullWidth loading={signIn.isPending} leftSection={<IconLogin2 size={16} aria-hidden />}>
        Sign in
      </Button>
    </form>
  )
}

function refusalOf(error: unknown): string {
  return error instanceof GatewayError && error.status === 401
    ? 'Unknown key. Check that it is complete and belongs to this gateway.'
    : errorSentence(error)
}

function KeyInput({ ref, refusal }: { ref: React.Ref<HTMLInputElement>; refusal: string | null }) {
  const [isShown, setIsShown] = useState(false)
  return (
    <PasswordInput
      ref={ref}
      name="password"
      label="Key"
      description="An admin key, or a viewer key (read-only)."
      placeholder="aie_…"
      autoComplete="current-password"
      autoCapitalize="none"
      spellCheck={false}
      visible={isShown}
      onVisibilityChange={setIsShown}
      visibilityToggleButtonProps={{ 'aria-label': isShown ? 'Hide the key' : 'Show the key', tabIndex: 0 }}
      aria-invalid={refusal !== null}
      error={refusal !== null && <span role="alert">{refusal}</span>}
    />
  )
}

function WhereIsTheKey() {
  return (
    <details className={classes.help}>
      <summary>Where is my key?</summary>
      <ul>
        <li>
          In <code>.env</code>, if it is set there: <code>AI_ENGINE_ADMIN_KEY</code> or{' '}
          <code>AI_ENGINE_VIEWER_KEY</code>.
        </li>
        <li>
          Otherwise the first start generated one: it was printed to the terminal, or is in the file{' '}
          <code>admin-key</code> in the gateway’s data folder. With Docker, in the folder of{' '}
          <code>docker-compose.yml</code>:
          <code className={classes.command}>docker compose exec gateway cat data/admin-key</code>
        </li>
        <li>
          Create a new one, on the gateway’s machine or with Docker; it is active within a second:
          <code className={classes.command}>ai-engine client-keys create --role admin</code>
          <code className={classes.command}>docker compose exec gateway ai-engine client-keys create --role admin</code>
        </li>
      </ul>
    </details>
  )
}
