// The figures that are kept in git, and the limits they stand under. `--write` writes them, `--check` fails above a limit.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('./figures.json', import.meta.url)

/** Prints `figures`, writes or checks them as the command line says. `limits`: [what, figure, limit, unit]. */
export function report(name, figures, limits) {
  console.log(JSON.stringify({ [name]: figures }, null, 2))
  const over = limits.filter(([, figure, limit]) => figure > limit)
  for (const [what, figure, limit, unit] of limits)
    console.log(`${what}: ${figure} ${unit} of ${limit} ${unit}${figure > limit ? ': OVER THE LIMIT' : ''}`)
  if (process.argv.includes('--write')) {
    const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
    writeFileSync(file, `${JSON.stringify({ ...kept, [name]: figures }, null, 2)}\n`)
  }
  if (process.argv.includes('--check') && over.length > 0) process.exitCode = 1
}
