// What the checks need to know of a page: its fenced blocks, its headings' anchors, its links.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../paths.mjs'

/** `sh by=tests/x.sh` is language `sh` and `{ by: 'tests/x.sh' }`. */
function info(text) {
  const [language = '', ...rest] = text.trim().split(/\s+/)
  const attributes = Object.fromEntries(rest.map((part) => [part.split('=')[0], part.split('=').slice(1).join('=')]))
  return { language, attributes }
}

/** As GitHub and mdBook name a heading. */
function anchor(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

/** Links and images outside of code: where they lead, and the line. */
function linksOf(line, number) {
  const prose = line.replaceAll(/`[^`]*`/g, '')
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => ({ target, line: number }))
}

/**
 * Reads a page of the repository.
 *
 * A block has `language`, `attributes`, `text`, the `line` of its fence, and `directly`: whether nothing but empty lines
 * lies between it and the block before.
 */
export function readPage(path) {
  const page = { path, blocks: [], anchors: new Set(), links: [], problems: [] }
  let open
  let proseSince = true
  readFileSync(join(root, path), 'utf8')
    .split('\n')
    .forEach((line, at) => {
      const number = at + 1
      const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(line)
      if (open && fence && fence[1].startsWith(open.fence) && fence[2].trim() === '') {
        page.blocks.push({ ...open.block, text: `${open.lines.join('\n')}\n` })
        open = undefined
        proseSince = false
      } else if (open) {
        open.lines.push(line)
      } else if (fence) {
        open = { fence: fence[1], lines: [], block: { ...info(fence[2]), line: number, directly: !proseSince } }
      } else {
        if (line.trim() !== '') proseSince = true
        const heading = /^#{1,6}\s+(.*)$/.exec(line)
        if (heading) page.anchors.add(anchor(heading[1]))
        page.links.push(...linksOf(line, number))
      }
    })
  if (open) page.problems.push(`${path}:${open.block.line}: this block never ends`)
  return page
}
