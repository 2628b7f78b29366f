/** Where the gateway asks for a key: it is given once, and the page that was asked for appears at its own URL. */
import { Button, PasswordInput, VisuallyHidden } from '@mantine/core'
import { IconLogin2 } from '@tabler/icons-react'
import { type SubmitEvent, useEffect, useRef, useState } from 'react'
import { errorSentence } from '@/lib/error-words'
import { GatewayError } from '@/lib/gateway-error'
import { EngineMark } from '@/ui/engine-mark'
import { useSignIn } from './queries'
import classes from './sign-in-page.module.css'

interface SignInPageProps {
  /** Somebody was signed in on this page before: the session is over, or they signed out. */
  wasIn: boolean
}

export default function SignInPage({ wasIn }: SignInPageProps) {
  useEffect(() => {
    document.title = 'Sign in · AI Engine'
  }, [])
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <EngineMark size={36} />
        <h1 className={classes.title}>Sign in to AI Engine</h1>
        <p className={classes.lead}>
          {wasIn
            ? 'You are signed out. Signing in brings you back to this page.'
            : 'This gateway asks for a key before it shows anything.'}
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

  const refuse = (words: string) => {
    setRefusal(words)
    input.current?.focus()
    input.current?.select()
  }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const key = input.current?.value.trim() ?? ''
    if (key === '') {
      refuse('Paste a key first.')
      return
    }
    signIn.mutate(key, {
      onError: (error) => refuse(refusalOf(error)),
    })
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      {/* Password managers keep a key under a name, and there is none to type. */}
      <VisuallyHidden aria-hidden>
        <input name="username" autoComplete="username" value="AI Engine" readOnly tabIndex={-1} />
      </VisuallyHidden>
      <ShowableKey ref={input} refusal={refusal} />
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

function ShowableKey({ ref, refusal }: { ref: React.Ref<HTMLInputElement>; refusal: string | null }) {
  const [isShown, setIsShown] = useState(false)
  return (
    <PasswordInput
      ref={ref}
      name="password"
      label="Key"
      description="An admin’s key, or a viewer’s, who may look and change nothing."
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
          Whoever runs the gateway may have set one in <code>.env</code>: <code>AI_ENGINE_ADMIN_KEY</code> or{' '}
          <code>AI_ENGINE_VIEWER_KEY</code>.
        </li>
        <li>
          Else its first start made one. It was shown on the terminal, or is in the file <code>admin-key</code> in the
          gateway’s data folder. With Docker, in the folder of <code>docker-compose.yml</code>:
          <code className={classes.command}>docker compose exec gateway cat data/admin-key</code>
        </li>
        <li>
          To make a new one, on the gateway’s machine or with Docker; it counts within a second:
          <code className={classes.command}>ai-engine client-keys create --role admin</code>
          <code className={classes.command}>docker compose exec gateway ai-engine client-keys create --role admin</code>
        </li>
      </ul>
    </details>
  )
}
