import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  output: string
  milliseconds: number
}

/** Runs a program of `programs/` in a process of its own to its end. */
export async function run(program: string, ...args: string[]): Promise<Ended> {
  return runNode('--expose-gc', path.join(__dirname, '..', 'programs', `${program}.js`), ...args)
}

export async function runNode(...args: string[]): Promise<Ended> {
  const begun = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), 300_000)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  return { code, signal, output, milliseconds: performance.now() - begun }
}
