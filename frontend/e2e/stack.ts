/** What `make run` starts (the real gateway behind the real nginx), on free ports and with a memory of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = new URL('../..', import.meta.url).pathname
const LONGEST_START_MS = 120_000

export interface Stack {
  url: string
  /** The gateway's own folder: `.env` and `ai-engine.yaml` are read from there. */
  folder: string
  stop: () => Promise<void>
}

export async function startStack(environment: Record<string, string> = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'ai-engine-journey-'))
  const [port, gatewayPort] = await freePorts()
  const url = `http://localhost:${port}`
  const process_ = spawn(join(ROOT, 'backend/.venv/bin/python'), [join(ROOT, 'deploy/run.py')], {
    cwd: folder,
    env: { PATH: process.env.PATH, AI_ENGINE_PORT: String(port), GATEWAY_PORT: String(gatewayPort), ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await saysWhereItIs(process_, url)
  return {
    url,
    folder,
    stop: async () => {
      const ended = new Promise((resolve) => process_.once('exit', resolve))
      process_.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function saysWhereItIs(started: ChildProcess, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = () => {
      reject(new Error(`The stack did not start:\n${said}`))
    }
    const timer = setTimeout(fail, LONGEST_START_MS)
    started.once('exit', fail)
    started.stderr?.on('data', (text: Buffer) => {
      said += text.toString()
      if (!said.includes(`are at ${url}`)) return
      clearTimeout(timer)
      started.removeListener('exit', fail)
      resolve()
    })
  })
}

/** Two ports that nobody listens on. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            resolve(typeof address === 'object' && address !== null ? address.port : 0)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return [ports[0] ?? 0, ports[1] ?? 0]
}
