/** The stack of a journey: the real gateway behind the real nginx, on free ports and with its own data. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ROOT = new URL('../..', import.meta.url).pathname
export const PYTHON = join(ROOT, 'backend/.venv/bin/python')
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`
const LONGEST_START_MS = 120_000
const LOOK_EVERY_MS = 100

export interface StackSetup {
  environment?: Record<string, string>
  /** `ai-engine.yaml`. */
  configuration?: string
}

export interface Stack {
  url: string
  /** The gateway's working directory, with `.env` and `ai-engine.yaml`. */
  folder: string
  /** With SIGTERM, or with these signals at once. */
  stop: (signals?: NodeJS.Signals[]) => Promise<void>
}

export interface StackInParts extends Stack {
  stopGateway: () => Promise<void>
  startGateway: () => Promise<void>
}

/** Started like by `make run`. */
export async function startStack(setup: StackSetup = {}): Promise<Stack> {
  const folder = await folderFor(setup)
  const [port, gatewayPort] = [await freePort(), await freePort()]
  const url = `http://localhost:${port}`
  const both = start(PYTHON, [join(ROOT, 'deploy/run.py')], folder, {
    AI_ENGINE_PORT: String(port),
    GATEWAY_PORT: String(gatewayPort),
    ...setup.environment,
  })
  await untilReady(url, both)
  return {
    url,
    folder,
    stop: async (signals) => {
      await end(both, signals)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** nginx with the image's configuration, and a gateway that can be stopped and started. */
export async function startStackInParts(setup: StackSetup = {}): Promise<StackInParts> {
  const folder = await folderFor(setup)
  const [port, gatewayPort] = [await freePort(), await freePort()]
  const url = `http://localhost:${port}`
  const startGateway = async () => {
    const serve = ['-m', 'ai_engine', 'serve', '--host', '127.0.0.1', '--port', String(gatewayPort)]
    const started = start(PYTHON, serve, folder, {
      AI_ENGINE_PUBLIC_HOST: '127.0.0.1',
      AI_ENGINE_PUBLIC_PORT: String(port),
      ...setup.environment,
    })
    await untilReady(`http://127.0.0.1:${gatewayPort}`, started)
    return started
  }
  let gateway = await startGateway()
  const runtime = await mkdtemp(join(tmpdir(), 'ai-engine-nginx-'))
  const configuration = join(runtime, 'nginx.conf')
  await writeFile(configuration, await nginxConfiguration(runtime, port, gatewayPort))
  const asRoot = process.getuid?.() === 0 ? ['-g', 'user root;'] : []
  const nginx = start('nginx', ['-e', 'stderr', '-p', runtime, '-c', configuration, ...asRoot], runtime, {})
  await untilReady(url, nginx)
  return {
    url,
    folder,
    stopGateway: () => end(gateway),
    startGateway: async () => {
      gateway = await startGateway()
    },
    stop: async () => {
      await Promise.all([end(gateway), end(nginx)])
      await Promise.all([folder, runtime].map((each) => rm(each, { recursive: true, force: true })))
    },
  }
}

async function folderFor({ configuration }: StackSetup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ai-engine-journey-'))
  if (configuration !== undefined) await writeFile(join(folder, 'ai-engine.yaml'), configuration)
  return folder
}

/** The template with its placeholders replaced; nginx's own `$variables` stay. */
async function nginxConfiguration(runtime: string, port: number, gatewayPort: number): Promise<string> {
  const values: Record<string, string> = {
    NGINX_RUNTIME: runtime,
    NGINX_LISTEN: `127.0.0.1:${port}`,
    NGINX_GATEWAY: `127.0.0.1:${gatewayPort}`,
    NGINX_PAGES: join(ROOT, 'frontend/dist'),
    NGINX_BODY_LIMIT: '10485760',
  }
  const template = await readFile(join(ROOT, 'deploy/nginx/nginx.conf.template'), 'utf8')
  return template.replaceAll(/\$\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}

interface Started {
  process: ChildProcess
  /** What it wrote to stderr. */
  stderr: () => string
}

function start(command: string, words: string[], cwd: string, environment: Record<string, string>): Started {
  const started = spawn(command, words, { cwd, env: { PATH, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] })
  let written = ''
  const collect = (text: string) => {
    written += text
  }
  started.stderr.setEncoding('utf8').on('data', collect)
  started.on('error', (error) => collect(error.message))
  return { process: started, stderr: () => written }
}

async function end({ process: running }: Started, signals: NodeJS.Signals[] = ['SIGTERM']): Promise<void> {
  if (hasEnded(running)) return
  const ended = new Promise((resolve) => running.once('exit', resolve))
  for (const signal of signals) running.kill(signal)
  await ended
}

function hasEnded(running: ChildProcess): boolean {
  return running.pid === undefined || running.exitCode !== null || running.signalCode !== null
}

/** Waits until it responds. */
async function untilReady(url: string, { process: started, stderr }: Started): Promise<void> {
  const deadline = Date.now() + LONGEST_START_MS
  while (Date.now() < deadline && !hasEnded(started)) {
    const answer = await fetch(`${url}/health/live`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  throw new Error(`No response from ${url}:\n${stderr()}`)
}

/** An unused port, below the range from which port 0 is served: no other server is given it before its program starts. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}
