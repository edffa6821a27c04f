// The patcher against the browser: whatever was shown before, a document that was brought up to date is the one that
// would have been made anew.
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as dom from '../src/ui/dom'
import { launch } from './chromium'

type Dom = typeof dom

let browser: Browser
let page: Page

beforeAll(async () => {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL('../src/ui/dom.ts', import.meta.url)),
        formats: ['iife'],
        name: 'dom',
      },
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('nothing was built')
  browser = await launch()
  page = await browser.newPage()
  await page.addScriptTag({ content: `${output.output[0].code};globalThis.dom = dom` })
})

afterAll(() => browser?.close())

test('what is patched equals what is made anew, for random pages', async () => {
  const seed = Number(process.env.ENIGMA_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`seed ${seed}`)
  const wrong = await page.evaluate((seed) => {
    const { h, render } = (globalThis as unknown as { dom: Dom }).dom
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >> 8) % below
    }
    const tree = (depth: number): dom.Child => {
      if (depth === 0 || random(5) === 0)
        return ([`text ${random(4)}`, random(9), null, false, ''] as const)[random(5)]
      const keys = random(2) ? [...'abcdef'].sort(() => random(3) - 1) : []
      return h(
        ['p', 'div', 'svg', 'ul'][random(4)] as string,
        {
          key: undefined,
          class: random(2) ? `c${random(3)}` : undefined,
          hidden: random(3) === 0,
          title: random(2) ? `<b>${random(3)}` : undefined,
          css: random(2) ? { '--a': String(random(3)) } : undefined,
        },
        keys
          .slice(0, random(7))
          .map((key) => h(random(4) ? 'i' : 'b', { key, id: random(2) ? key : undefined }, tree(depth - 1))),
        Array.from({ length: random(4) }, () => tree(depth - 1)),
      )
    }
    const patched = document.createElement('div')
    for (let round = 0; round < 500; round++) {
      const next = tree(4)
      const fresh = document.createElement('div')
      render(patched, next)
      render(fresh, next)
      if (!patched.isEqualNode(fresh)) return `round ${round}`
    }
    return null
  }, seed)
  expect(wrong).toBeNull()
})

test('keyed elements keep their identity, their focus and their newest handler', async () => {
  const result = await page.evaluate(() => {
    const { h, render } = (globalThis as unknown as { dom: Dom }).dom
    const root = document.createElement('div')
    document.body.append(root)
    const heard: string[] = []
    const list = (names: string[], round: string) =>
      render(
        root,
        names.map((name) => h('button', { key: name, on: { click: () => heard.push(name + round) } }, name)),
      )
    list(['a', 'b'], '1')
    const b = root.children[1] as HTMLElement
    b.focus()
    list(['new', 'a', 'b'], '2')
    const same = root.children[2] === b && document.activeElement === b
    b.click()
    render(root, h('button', { key: 'b' }, 'b'))
    b.click()
    return { same, heard, left: root.children.length }
  })
  expect(result).toEqual({ same: true, heard: ['b2'], left: 1 })
})

test('a field keeps what one types while the page around it changes', async () => {
  const value = await page.evaluate(() => {
    const { h, render } = (globalThis as unknown as { dom: Dom }).dom
    const root = document.createElement('div')
    render(root, h('p', null, '1'), h('input', { name: 'q' }))
    const input = root.querySelector('input') as HTMLInputElement
    input.value = 'typed'
    render(root, h('p', null, '2'), h('input', { name: 'q' }))
    return input.isConnected || root.contains(input) ? input.value : 'gone'
  })
  expect(value).toBe('typed')
})

test('text is text, and links lead into the page only', async () => {
  const result = await page.evaluate(() => {
    const { h, render } = (globalThis as unknown as { dom: Dom }).dom
    const root = document.createElement('div')
    render(root, h('p', { title: '"><script>' }, '<img src=x onerror=alert(1)>'))
    const refused = ['javascript:alert(1)', 'https://evil.example/', '//evil', ''].filter((href) => {
      try {
        h('a', { href }, 'x')
        return false
      } catch {
        return true
      }
    })
    return { elements: root.querySelectorAll('*').length, refused: refused.length }
  })
  expect(result).toEqual({ elements: 1, refused: 4 })
})
