// Checks the arrows of ARCHITECTURE.md: which crate may use what. `--list` also prints every crate inside each enclave.
//
//   wings     the path of a crate tells which wings it may depend on
//   reach     nothing amber or red reaches a runtime, a network, a provider, an HTTP stack or a database
//   worlds    each foreign world is known to one crate
//   sources   nothing amber or red names std's files, sockets, clocks, environment, processes or threads, or prints
//
// Every rule is tried on a planted violation first: a check that cannot fail proves nothing.
import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { root } from './paths.mjs'
import { shippedSources, standardPaths, withoutComments, withoutTests } from './rust-source.mjs'

/** Which wings a wing's crates may use. Tests and benches alone mix red with blue. */
const ALLOWED = {
  shared: ['shared'],
  trusted: ['shared', 'trusted'],
  host: ['shared', 'host'],
  user: ['shared', 'user'],
  enigma: ['shared', 'host', 'user'],
  tests: ['shared', 'trusted', 'host', 'user', 'tests'],
}
/** Single arrows beside the rule: the client submits through the one crate that knows the provider library. */
const EXCEPTIONS = ['enigma-sdk -> enigma-chain']
/** Amber and red: what both sides of the wall, and what an enclave alone runs. */
const PURE = ['shared', 'trusted']

/** What no amber or red crate may reach. */
const FORBIDDEN = [
  /^(tokio|async-std|smol|mio|polling|socket2|rayon|futures-executor|crossbeam)(-|$)/,
  /^(libp2p|multistream-select|yamux|snow|quinn)/,
  /^alloy$|^alloy-(provider|transport|network|rpc|json-rpc|signer|contract|pubsub|node-bindings)/,
  /^(reqwest|hyper|h2|h3|http|http-body|axum|tower|tungstenite|rustls|native-tls|openssl|ring|aws-lc)(-|$)/,
  /^(redb|rusqlite|sled|rocksdb|sqlx|lmdb|heed)(-|$)/,
  /^(serde_json|clap|anyhow|tracing-subscriber|env_logger|tempfile|walkdir|notify|memmap2|rustix|nix)$/,
  /^(chrono|time|instant|web-time|coarsetime)$/,
]

/** Foreign worlds, and the one crate that knows each. */
const WORLDS = [
  [/^alloy$|^alloy-(provider|transport|network|rpc|json-rpc|signer|contract)/, 'enigma-chain'],
  [/^libp2p/, 'enigma-network'],
  [/^redb$/, 'enigma-store'],
  [/^(axum|hyper|tower-http|tungstenite|tokio-tungstenite)$/, 'enigma-rpc'],
]

/** Parts of std that amber and red code does not name. */
const IMPURE = /^(\*|(fs|net|time|env|process|thread)(::.*)?)$/
/** The thin binaries end with an exit code, or at once. */
const PERMITTED = {
  'crates/trusted/worker-enclave/src/main.rs': ['process::ExitCode', 'process::abort'],
  'crates/trusted/key-enclave/src/main.rs': ['process::ExitCode', 'process::abort'],
  'crates/trusted/platform/src/serve.rs': ['process::ExitCode'],
}
/** The only files in red that name a source of randomness: they pass it to the platform. */
const RANDOM = ['crates/trusted/worker-enclave/src/main.rs', 'crates/trusted/key-enclave/src/main.rs']
const ENCLAVES = ['enigma-worker-enclave', 'enigma-key-enclave']

function wingOf(manifest) {
  const [top, wing] = manifest.split('/')
  if (top === 'crates') return wing
  return ['tests', 'benches', 'fuzz'].includes(top) ? 'tests' : undefined
}

/** Arrows of `crates` (`{name, wing, uses: [{name, kind}]}`) that the wings forbid. Build scripts count, too. */
function wrongArrows(crates) {
  const wings = new Map(crates.map(({ name, wing }) => [name, wing]))
  return crates.flatMap(({ name, wing, uses }) => {
    if (!ALLOWED[wing]) return [`${name} lies in no known wing: put it under crates/{shared,trusted,host,user}`]
    return uses
      .filter((use) => wings.has(use.name) && !ALLOWED[wing].includes(wings.get(use.name)))
      .filter((use) => !EXCEPTIONS.includes(`${name} -> ${use.name}`))
      .map((use) => `${name} (${wing}) uses ${use.name} (${wings.get(use.name)})`)
  })
}

function wrongReach(name, reached) {
  return reached.filter((crate) => FORBIDDEN.some((rule) => rule.test(crate))).map((crate) => `${name} reaches ${crate}`)
}

function wrongWorlds(crates) {
  return crates.flatMap(({ name, uses }) =>
    uses.flatMap((use) =>
      WORLDS.filter(([rule, owner]) => rule.test(use.name) && owner !== name).map(
        ([, owner]) => `${name} uses ${use.name}, which only ${owner} may know`,
      ),
    ),
  )
}

/** What shipped code of an amber or red file must not say. */
function wrongWords(file, text) {
  const permitted = PERMITTED[file] ?? []
  const impure = standardPaths(text)
    .filter(({ path }) => IMPURE.test(path) && !permitted.includes(path))
    .map(({ path, line }) => `${file}:${line} names std::${path}`)
  const said = (rule, what) =>
    [...text.matchAll(rule)].map((hit) => `${file}:${text.slice(0, hit.index).split('\n').length} ${what}`)
  return [
    ...impure,
    // Standard output is the door, and standard error is the host's.
    ...said(/\b(?:print|println|eprint|eprintln|dbg)\s*!/g, 'prints'),
    ...(RANDOM.includes(file) ? [] : said(/\b(?:getrandom|rand|rand_core|OsRng|thread_rng)\b(?!\s*:[^:])/g, 'names a source of randomness')),
  ]
}

function cargo(...args) {
  return execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
}

/** Crates that a package's own build reaches, itself left out, as `name version`; features as if built alone. */
function tree(name, edges, ...target) {
  const lines = cargo('tree', '--locked', '-p', name, '-e', edges, '--prefix', 'none', '--format', '{p}', ...target)
  const crates = lines.split('\n').map((line) => line.split(' ').slice(0, 2).join(' ').replace(' v', ' '))
  return [...new Set(crates)].filter((crate) => crate && !crate.startsWith(`${name} `)).sort()
}

/**
 * What an enclave's program reaches when it is built in one command with the host's, as the launcher does: cargo then
 * gives shared dependencies the features that either asks for, so that more comes along than the enclave asked for.
 */
function besideTheHost(name) {
  const packages = ['enigma', ...ENCLAVES].flatMap((one) => ['-p', one])
  const options = ['-e', 'normal,no-proc-macro', '--prefix', 'depth', '--no-dedupe', '--format', ' {p}']
  const reached = new Set()
  let below = ''
  for (const line of cargo('tree', '--locked', ...packages, ...options).split('\n')) {
    const [depth, crate, version] = line.split(' ')
    if (depth === '0') below = crate
    else if (crate && below === name) reached.add(`${crate} ${version?.slice(1)}`)
  }
  return [...reached]
}

/** One planted violation of every kind, and what looks like one but is none. */
function controls() {
  const shipped = (source) => withoutTests(withoutComments(source)).text
  const words = (source) => wrongWords('x.rs', shipped(source)).length
  const crate = (name, wing, ...uses) => ({ name, wing, uses: uses.map((use) => ({ name: use })) })
  const caught = [
    wrongArrows([crate('a', 'shared', 'b'), crate('b', 'trusted')]),
    wrongArrows([crate('a', 'host', 'b'), crate('b', 'trusted')]),
    wrongArrows([crate('a', 'trusted', 'b'), crate('b', 'host')]),
    wrongArrows([crate('a', 'enigma', 'b'), crate('b', 'trusted')]),
    wrongArrows([crate('a', undefined)]),
    wrongReach('a', ['tokio']),
    wrongReach('a', ['alloy-rpc-types-eth']),
    wrongWorlds([crate('enigma-node', 'host', 'redb')]),
    wrongWords('x.rs', shipped('use std::{collections::BTreeMap, fs};')),
    wrongWords('x.rs', shipped('fn f() { let _ = std::time::Instant::now(); }')),
    wrongWords('x.rs', shipped('use ::std::{io::{Read, Write}, sync::{self, Arc}, thread as t};')),
    wrongWords('x.rs', shipped('use std as s;')),
    wrongWords('x.rs', shipped('const Q: char = \'"\'; fn f() { std::env::var("x"); }')),
    wrongWords('x.rs', shipped('#[cfg(test)] mod tests { use std::fs; } use std::net::TcpStream;')),
    wrongWords('x.rs', shipped('fn f() { println!("x") }')),
    wrongWords('x.rs', shipped('use getrandom::fill;')),
    wrongWords('crates/trusted/worker-enclave/src/main.rs', shipped('use std::process::{Command, ExitCode};')),
  ]
  const harmless = [
    words('// std::fs\n/* std::fs /* */ std::net */ const A: &str = "std::fs"; const B: &str = r#"std::fs" std::env"#;'),
    words("fn f<'a>(x: &'a str) -> &'a str { x } #[cfg(test)] #[allow(x)] mod tests { use std::{fs, net}; }"),
    words('use std::{io::Read, collections::BTreeMap}; #[cfg(test)] use std::time::Instant;'),
    wrongWords('crates/trusted/platform/src/serve.rs', 'use std::{io::Read, process::ExitCode};').length,
    wrongArrows([crate('enigma-sdk', 'user', 'enigma-chain'), crate('enigma-chain', 'host')]).length,
    wrongReach('a', ['tracing', 'timeless', 'alloy-primitives', 'httparse2']).length,
  ]
  const missed = caught.flatMap((found, place) => (found.length === 0 ? [`planted violation ${place} was missed`] : []))
  const false_ = harmless.flatMap((count, place) => (count > 0 ? [`harmless control ${place} was blamed`] : []))
  console.log(`controls  ${caught.length} planted violations and ${harmless.length} harmless look-alikes`)
  return [...missed, ...false_]
}

const metadata = JSON.parse(cargo('metadata', '--format-version', '1', '--locked', '--no-deps'))
const crates = metadata.packages
  .map(({ name, manifest_path, dependencies }) => {
    const manifest = relative(root, manifest_path)
    return { name, wing: wingOf(manifest), folder: join(manifest, '..'), uses: dependencies }
  })
  .sort((a, b) => (a.folder < b.folder ? -1 : 1))
const pure = crates.filter(({ wing }) => PURE.includes(wing))

const problems = controls()
problems.push(...wrongArrows(crates))
console.log(`wings     ${crates.length} crates: ${Object.keys(ALLOWED).map((wing) => `${crates.filter((c) => c.wing === wing).length} ${wing}`).join(', ')}`)
problems.push(...wrongWorlds(crates))
console.log(`worlds    ${WORLDS.length} foreign worlds, each known to one crate at most`)
for (const { name, wing } of pure) {
  const reached = tree(name, 'normal', '--target', 'all')
  problems.push(...wrongReach(name, reached.map((crate) => crate.split(' ')[0])))
  console.log(`reach     ${name} (${wing}): ${reached.length} crates on all targets`)
}
for (const { folder } of pure) {
  const sources = shippedSources(join(root, folder, 'src'))
  for (const { file, text } of sources) problems.push(...wrongWords(relative(root, file), text))
  console.log(`sources   ${folder}: ${sources.length} shipped files`)
}
for (const name of ENCLAVES) {
  const inside = tree(name, 'normal,no-proc-macro')
  const built = tree(name, 'normal,build').filter((crate) => !inside.includes(crate))
  const ours = inside.filter((crate) => crate.startsWith('enigma-')).length + 1
  console.log(`inside    ${name}: ${ours} crates of this project and ${inside.length - ours + 1} others; ${built.length} more run only while it is built`)
  const more = besideTheHost(name).filter((crate) => !inside.includes(crate))
  console.log(`          built in one command with the host, ${more.length} more come along: ${more.map((crate) => crate.split(' ')[0]).join(', ')}`)
  if (process.argv.includes('--list')) console.log(inside.map((crate) => `            ${crate}`).join('\n'))
}
for (const problem of problems) console.error(`WRONG     ${problem}`)
if (problems.length > 0) process.exit(1)
console.log('the arrows hold')
