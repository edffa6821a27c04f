// Where things lie in this repository, for the other tools.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The forge project. */
export const contracts = join(root, 'contracts')

/**
 * The native binary of a foundry tool: from `$FORGE` or `$ANVIL` if set, else from this platform's npm package.
 *
 * The platform packages are named one by one in `optionalDependencies`; npm installs the one that fits.
 */
export function tool(name) {
  const override = process.env[name.toUpperCase()]
  if (override) return override
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const file = `@foundry-rs/${name}-${process.platform}-${arch}/bin/${name}${process.platform === 'win32' ? '.exe' : ''}`
  try {
    return createRequire(import.meta.url).resolve(file)
  } catch {
    throw new Error(
      `no ${name} for ${process.platform} ${process.arch}: run \`npm ci\`, or set ${name.toUpperCase()} to a binary of version 1.7.1`,
    )
  }
}
