// Reads Rust sources just well enough to say which parts of the standard library their shipped code names: comments,
// literals and everything under `#[cfg(test)]` are left out.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const blank = (text) => text.replace(/[^\n]/g, ' ')

/** The source with comments and the content of literals blanked; line numbers stay. */
export function withoutComments(source) {
  const tokens =
    /\/\/[^\n]*|\/\*|\b(?:b|c)?r(#*)"|(?:\bb|\bc)?"(?:\\[\s\S]|[^"\\])*"|(?:\bb)?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^'\\\n])'/g
  let out = ''
  let at = 0
  for (let token; (token = tokens.exec(source)); ) {
    let end = tokens.lastIndex
    if (token[0] === '/*') end = commentEnd(source, token.index)
    else if (token[1] !== undefined) {
      const close = source.indexOf(`"${token[1]}`, end)
      end = close < 0 ? source.length : close + 1 + token[1].length
    }
    out += source.slice(at, token.index) + blank(source.slice(token.index, end))
    at = tokens.lastIndex = end
  }
  return out + source.slice(at)
}

/** Block comments nest. */
function commentEnd(source, start) {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  let depth = 0
  for (let mark; (mark = marks.exec(source)); ) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return source.length
}

/** The place behind the bracket that closes the one at `open`. */
function closing(text, open) {
  const pairs = { '(': ')', '[': ']', '{': '}' }
  const stack = []
  for (let at = open; at < text.length; ++at) {
    const char = text[at]
    if (pairs[char]) stack.push(pairs[char])
    else if (char === stack.at(-1)) {
      stack.pop()
      if (stack.length === 0) return at + 1
    }
  }
  return text.length
}

/** Blanks every item under `#[cfg(test)]`; tells the files of the modules declared there. */
export function withoutTests(text) {
  const modules = []
  for (let place; (place = /#\s*\[\s*cfg\s*\(\s*test\s*\)\s*\]/.exec(text)); ) {
    let at = place.index + place[0].length
    for (let more; (more = /^\s*#\s*\[/.exec(text.slice(at))); ) at = closing(text, at + more[0].length - 1)
    const declared = /^\s*(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(\w+)\s*;/.exec(text.slice(at))
    if (declared) modules.push(declared[1])
    let end = at
    while (end < text.length && text[end] !== ';' && text[end] !== '{') {
      end = '(['.includes(text[end]) ? closing(text, end) : end + 1
    }
    end = text[end] === '{' ? closing(text, end) : end + 1
    text = text.slice(0, place.index) + blank(text.slice(place.index, end)) + text.slice(end)
  }
  return { text, modules }
}

/** Every path below `std` that the text names, with its line: `std::{fs, io::Read}` gives `fs` and `io::Read`. */
export function standardPaths(text) {
  const found = []
  for (const start of text.matchAll(/\bstd\s*::\s*/g)) {
    const line = text.slice(0, start.index).split('\n').length
    for (const path of paths(text, start.index + start[0].length)) found.push({ path, line })
  }
  for (const whole of text.matchAll(/\b(?:use\s+(?:::)?\s*std|extern\s+crate\s+std)\s*(?:as\b|;)/g)) {
    found.push({ path: '*', line: text.slice(0, whole.index).split('\n').length })
  }
  return found
}

/** The paths of the use tree or expression path that starts at `at`. */
function paths(text, at) {
  const [segments] = /^(?:[A-Za-z_]\w*\s*::\s*)*/.exec(text.slice(at))
  const head = segments.replace(/\s/g, '')
  const next = at + segments.length
  if (text[next] !== '{') {
    const [last] = /^(?:[A-Za-z_]\w*|\*)?/.exec(text.slice(next))
    return [head + last]
  }
  const inner = text.slice(next + 1, closing(text, next) - 1)
  return split(inner).flatMap((tree) => paths(tree, 0).map((path) => head + path))
}

/** The trees of a group: `a, b::{c, d}` gives two. */
function split(group) {
  const trees = ['']
  let depth = 0
  for (const char of group) {
    depth += char === '{' ? 1 : char === '}' ? -1 : 0
    if (char === ',' && depth === 0) trees.push('')
    else trees[trees.length - 1] += char
  }
  return trees.map((tree) => tree.trim()).filter(Boolean)
}

/** The shipped code of every file under `src`: `{ file, text }`. */
export function shippedSources(src) {
  const skipped = new Set()
  const sources = rustFiles(src).map((file) => {
    const { text, modules } = withoutTests(withoutComments(readFileSync(file, 'utf8')))
    const own = basename(file, '.rs')
    const folder = ['lib', 'main', 'mod'].includes(own) ? dirname(file) : join(dirname(file), own)
    for (const name of modules) for (const tail of [`${name}.rs`, name]) skipped.add(join(folder, tail))
    return { file, text }
  })
  const isTest = (file) => [...skipped].some((skip) => file === skip || file.startsWith(`${skip}/`))
  return sources.filter(({ file }) => !isTest(file))
}

function rustFiles(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? rustFiles(path) : entry.name.endsWith('.rs') ? [path] : []
  })
}
