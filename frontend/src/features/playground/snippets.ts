/** A request as code. Messages and model names are escaped: they stay data in every language. */
import type { ChatRequest } from './conversation'

export const LANGUAGES = ['curl', 'Python', 'Node'] as const
export type Language = (typeof LANGUAGES)[number]

interface Place {
  /** The gateway's address without a trailing slash. */
  origin: string
  /** Whether the gateway requires a key. */
  needsKey: boolean
}

export const KEY_VARIABLE = 'AI_ENGINE_CLIENT_KEY'

export function snippet(language: Language, request: ChatRequest, place: Place): string {
  return { curl, Python: python, Node: node }[language](request, place)
}

function curl(request: ChatRequest, { origin, needsKey }: Place): string {
  return [
    `curl --no-buffer ${shellWord(`${origin}/v1/chat/completions`)}`,
    ...(needsKey ? [`  -H "Authorization: Bearer $${KEY_VARIABLE}"`] : []),
    `  -H 'Content-Type: application/json'`,
    `  -d ${shellWord(json({ ...request, stream: true }))}`,
  ].join(' \\\n')
}

function python(request: ChatRequest, { origin, needsKey }: Place): string {
  const { autodecide, ...standard } = request
  const fields = Object.entries({ ...standard, stream: true }).map(
    ([name, value]) => `    ${name}=${pythonLiteral(value, 1)},`,
  )
  return [
    ...(needsKey ? ['import os', ''] : []),
    'from openai import OpenAI',
    '',
    'client = OpenAI(',
    `    base_url=${pythonLiteral(`${origin}/v1`, 1)},`,
    `    api_key=${needsKey ? `os.environ["${KEY_VARIABLE}"]` : '"not needed"'},`,
    ')',
    'stream = client.chat.completions.create(',
    ...fields,
    ...(autodecide === undefined ? [] : [`    extra_body={"autodecide": ${pythonLiteral(autodecide, 1)}},`]),
    ')',
    'for chunk in stream:',
    '    if chunk.choices and chunk.choices[0].delta.content:',
    '        print(chunk.choices[0].delta.content, end="", flush=True)',
    'print()',
  ].join('\n')
}

function node(request: ChatRequest, { origin, needsKey }: Place): string {
  return [
    "import OpenAI from 'openai'",
    '',
    'const client = new OpenAI({',
    `  baseURL: ${json(`${origin}/v1`)},`,
    `  apiKey: ${needsKey ? `process.env.${KEY_VARIABLE}` : "'not needed'"},`,
    '})',
    `const stream = await client.chat.completions.create(${json({ ...request, stream: true })})`,
    'for await (const chunk of stream) {',
    "  process.stdout.write(chunk.choices[0]?.delta?.content ?? '')",
    '}',
    'process.stdout.write("\\n")',
  ].join('\n')
}

/** Invisible and bidirectional control characters are escaped, so that a snippet shows all that it contains. */
const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]/g

function json(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2))
}

function escaped(text: string): string {
  return text.replace(INVISIBLE, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** One word of a POSIX shell: in single quotes only the quote is special. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A JSON string is a Python literal, too: both have the same escapes. */
function pythonLiteral(value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return escaped(JSON.stringify(value))
  const indent = '    '.repeat(depth + 1)
  const close = '    '.repeat(depth)
  if (Array.isArray(value))
    return `[\n${value.map((item) => `${indent}${pythonLiteral(item, depth + 1)},\n`).join('')}${close}]`
  const entries = Object.entries(value).map(
    ([name, item]) => `${escaped(JSON.stringify(name))}: ${pythonLiteral(item, depth + 1)}`,
  )
  return `{${entries.join(', ')}}`
}
