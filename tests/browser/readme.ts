// The commands of an example's README, as they stand there, on a network that is up already.
import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { binary, type LocalNetwork, root } from './network'

/** What the `sh` blocks print (blocks that begin with npm are left out), block by block. */
export async function runReadme(network: LocalNetwork, example: string) {
  const readme = await readFile(join(root, 'examples', example, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block ?? '')
  const commands = blocks.filter((block) => !block.startsWith('npm '))

  // A folder like the checkout, whose network is up already.
  const folder = join(network.dataDir, '../checkout')
  await mkdir(folder)
  await symlink(join(root, 'examples'), join(folder, 'examples'))
  const launcher = `#!/bin/sh\n[ "$1" = up ] || exec ${binary} "$@"\n`
  await writeFile(join(folder, 'enigma'), launcher, { mode: 0o755 })
  const env = { ...process.env, ENIGMA_ROOT: root, ENIGMA_DATA_DIR: network.dataDir }
  const script = `set -euo pipefail\n${commands.join('\necho ---\n')}`
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env })
  return { blocks: blocks.length, printed: stdout.split('---\n'), stderr }
}
