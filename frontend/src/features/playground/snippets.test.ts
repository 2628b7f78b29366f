import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { messagesOf, requestOf } from './conversation'
import { snippet } from './snippets'

const place = { origin: 'http://localhost:8000', needsKey: false }
const HOSTILE = [
  `it's "quoted" \\ $(touch /tmp/pwned) \`id\` $HOME !! %s`,
  `'; rm -rf / #`,
  `line one\nline two\r\n\ttab \u0000 nul \u001b[31m escape`,
  `"""triple""" '''quotes''' {braces} \${template}`,
  `bidi \u202e txt.exe, zero\u200bwidth, separators \u2028\u2029, emoji 🐢, שלום`,
]
const requestFor = (text: string) =>
  requestOf({ model: text, temperature: 0.5, autodecide: false }, messagesOf(text, [], text))

test.each(HOSTILE)('a shell passes exactly the request to curl (%j)', (text) => {
  // The shell itself says which words it would hand to curl.
  const script = snippet('curl', requestFor(text), place).replace(/^curl/, `printf '%s\\0'`)
  const words = execFileSync('sh', ['-c', script]).toString().split('\0')
  const body = JSON.parse(words[words.indexOf('-d') + 1] ?? '') as object
  expect(body).toEqual({ ...requestFor(text), stream: true })
  expect(words).toContain('http://localhost:8000/v1/chat/completions')
})

test.each(HOSTILE)('node reads exactly the request (%j)', (text) => {
  const code = snippet('Node', requestFor(text), place)
  const body = /create\((\{[\s\S]*\})\)\nfor await/.exec(code)?.[1] ?? ''
  // Whatever is JSON means the same in JavaScript.
  expect(JSON.parse(body)).toEqual({ ...requestFor(text), stream: true })
})

test.each(HOSTILE)('Python reads exactly the request (%j)', (text) => {
  const code = snippet('Python', requestFor(text), place)
  const call = code.slice(code.indexOf('create(') + 'create('.length, code.indexOf('\n)\nfor chunk'))
  const program = `import json, sys\nsys.stdout.write(json.dumps(dict(${call}\n)))`
  const { extra_body: extra, ...body } = JSON.parse(execFileSync('python3', ['-c', program]).toString()) as {
    extra_body: object
  }
  expect({ ...body, ...extra }).toEqual({ ...requestFor(text), stream: true })
})

test.each(['curl', 'Python', 'Node'] as const)('%s has no invisible characters', (language) => {
  for (const text of HOSTILE)
    expect(snippet(language, requestFor(text), place)).not.toMatch(
      /(?!\n)[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/u,
    )
})

test('a key comes from the environment, never from the snippet', () => {
  const request = requestFor('hi')
  expect(snippet('curl', request, { ...place, needsKey: true })).toContain(
    '"Authorization: Bearer $AI_ENGINE_CLIENT_KEY"',
  )
  expect(snippet('Python', request, { ...place, needsKey: true })).toContain('os.environ["AI_ENGINE_CLIENT_KEY"]')
  expect(snippet('Node', request, { ...place, needsKey: true })).toContain('process.env.AI_ENGINE_CLIENT_KEY')
})

test('an unset parameter is not sent', () =>
  expect(requestOf({ seed: 0 }, [])).toEqual({ model: 'auto', messages: [], seed: 0 }))
