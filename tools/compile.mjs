// Compiles one contract with the npm compiler: `node tools/compile.mjs path/File.sol:Contract` (the name may be left
// out when the file holds one contract). Prints {abi, bytecode, deployedBytecode, methodIdentifiers} as JSON.
// Imports are looked up beside the importing file, as `@enigma/…` in contracts/lib, then in node_modules of the
// contract's own project and of this repository. Errors go to standard error, exit code 1.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { contracts, root } from './paths.mjs'

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** Every `node_modules` from the folder upwards, nearest first, and this repository's own last. */
function moduleFolders(from) {
  const folders = []
  for (let at = from; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules'))
    if (dirname(at) === at) break
  }
  return [...folders, join(root, 'node_modules')]
}

const target = process.argv[2] ?? fail('usage: node tools/compile.mjs path/File.sol[:Contract]')
const [, path, wanted] = /^(.*?)(?::([A-Za-z_$][\w$]*))?$/s.exec(target)
const source = resolve(path)
if (!existsSync(source)) fail(`no such file: ${path}`)

const folders = moduleFolders(dirname(source))

/** The compiler asks by source-unit name: an absolute path for relative imports, a bare name for packages. */
function find(name) {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined
  if (name.startsWith('@enigma/')) return [join(contracts, 'lib', name.slice('@enigma/'.length))].find(existsSync)
  return folders.map((folder) => join(folder, name)).find(existsSync)
}

function read(name) {
  const file = find(name)
  return file ? { contents: readFileSync(file, 'utf8') } : { error: `${name} was not found; is its package installed?` }
}

const solc = createRequire(import.meta.url)('solc')
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: { [source]: { content: readFileSync(source, 'utf8') } },
      settings: {
        evmVersion: 'osaka',
        optimizer: { enabled: true, runs: 200 },
        // No metadata: bytecode must not depend on where a file lies.
        metadata: { appendCBOR: false, bytecodeHash: 'none' },
        outputSelection: {
          '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.methodIdentifiers'] },
        },
      },
    }),
    { import: read },
  ),
)

// A package's own warnings are nothing that its user can mend.
const problems = (output.errors ?? []).filter(
  ({ severity, sourceLocation }) => severity === 'error' || isAbsolute(sourceLocation?.file ?? source),
)
for (const problem of problems) console.error(problem.formattedMessage.trimEnd())
if (problems.some(({ severity }) => severity === 'error')) process.exit(1)

const found = output.contracts?.[source] ?? {}
const deployable = Object.keys(found).filter((name) => found[name].evm.bytecode.object !== '')
const name = wanted ?? (deployable.length === 1 ? deployable[0] : undefined)
if (!name) fail(`${basename(source)} holds ${deployable.join(', ') || 'no contract'}: name one as ${basename(source)}:Name`)
if (!found[name]) fail(`${basename(source)} has no contract ${name}; it has ${Object.keys(found).join(', ')}`)

const { abi, evm } = found[name]
if (evm.bytecode.object === '') fail(`${name} is abstract or an interface: nothing to deploy`)
if (evm.bytecode.object.includes('__$')) fail(`${name} needs an external library linked: make the library's functions internal`)
process.stdout.write(
  `${JSON.stringify({
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    methodIdentifiers: evm.methodIdentifiers,
  })}\n`,
)
