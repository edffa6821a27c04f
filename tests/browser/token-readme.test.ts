// The commands of the token's README, as they stand there.
import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { binary, type LocalNetwork, root, startNetwork } from './network'

let network: LocalNetwork

beforeAll(async () => {
  network = await startNetwork()
})

afterAll(() => network?.stop())

test("the README's commands say what it promises", async () => {
  const readme = await readFile(join(root, 'examples/03-confidential-token/README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block ?? '')
  const commands = blocks.filter((block) => !block.startsWith('npm '))
  expect([blocks.length, commands.length]).toEqual([3, 2])

  // A folder like the checkout, whose network is up already.
  const folder = join(network.dataDir, '../checkout')
  await mkdir(folder)
  await symlink(join(root, 'examples'), join(folder, 'examples'))
  const launcher = `#!/bin/sh\n[ "$1" = up ] || exec ${binary} "$@"\n`
  await writeFile(join(folder, 'enigma'), launcher, { mode: 0o755 })
  const env = { ...process.env, ENIGMA_ROOT: root, ENIGMA_DATA_DIR: network.dataDir }
  const script = `set -euo pipefail\n${commands.join('\necho ---\n')}`
  const told = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env })

  const [first, second] = told.stdout.split('---\n')
  expect(first).toBe('true\n25500000000000000000\n')
  expect(second).toBe('true\n10\nexit code 2\n')
  expect(told.stderr).toContain('reverted: NotYours()')
})
