// Runs the forge of this platform's npm package at the root of the repository, passing every argument on.
import { spawnSync } from 'node:child_process'
import { root, tool } from './paths.mjs'

const { status, error } = spawnSync(tool('forge'), process.argv.slice(2), { cwd: root, stdio: 'inherit' })
if (error) throw error
process.exitCode = status ?? 1
