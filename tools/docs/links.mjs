// Links lead somewhere, and the book's table of contents names every page once.
import { existsSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { root } from '../paths.mjs'
import { readPage } from './markdown.mjs'

const BOOK = 'docs'

/** Problems with a page's links. A page of the book links within the book, so that the book can be read without the code. */
export function checkLinks(page) {
  const problems = []
  for (const { target, line } of page.links) {
    const say = (what) => problems.push(`${page.path}:${line}: ${target} ${what}`)
    if (/^[a-z]+:/.test(target)) continue
    const [file, fragment] = target.split('#')
    const path = file === '' ? page.path : normalize(join(dirname(page.path), file))
    if (path.startsWith('..')) say('leaves the repository')
    else if (!existsSync(join(root, path))) say('does not exist')
    else if (dirname(page.path) === BOOK && !path.startsWith(`${BOOK}/`)) say('leaves the book: name the path instead')
    else if (fragment && !readPage(path).anchors.has(fragment)) say(`has no heading #${fragment}`)
  }
  return problems
}

/** Problems with SUMMARY.md, given the paths of all pages of the book. */
export function checkSummary(pages) {
  const summary = readPage(join(BOOK, 'SUMMARY.md'))
  const named = summary.links.map(({ target }) => join(BOOK, target))
  const twice = named.filter((path, at) => named.indexOf(path) !== at)
  const missing = pages.filter((path) => path !== summary.path && !named.includes(path))
  return [
    ...twice.map((path) => `${summary.path}: names ${relative(BOOK, path)} twice`),
    ...missing.map((path) => `${summary.path}: does not name ${relative(BOOK, path)}`),
  ]
}
