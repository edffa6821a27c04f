// Starts the explorer: state, feed, wallet, and a frame for every change.
import './style/index.css'
import { makeActions } from './app'
import { parseRoute } from './model/route'
import { type Happening, initial, reduce } from './model/state'
import { api } from './node/api'
import { makeFeed } from './node/feed'
import { nodeAddress, Rpc, subscribe } from './node/rpc'
import { render } from './ui/dom'
import { applyTheme, rememberedTheme } from './ui/theme'
import { page, titleOf } from './views/shell'

const root = document.getElementById('app') as HTMLElement
const { url, foreign } = nodeAddress(location)
const seconds = () => Math.floor(Date.now() / 1_000)

let state = initial(url, foreign, parseRoute(location.hash), rememberedTheme(), seconds())
let drawing = false
const tell = (happening: Happening) => {
  state = reduce(state, happening)
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    render(root, ...page(state, actions))
    document.title = `${titleOf(state.route)} · Enigma`
  })
  actions.settle()
}
const get = () => state

const node = api(new Rpc(url))
const feed = makeFeed(node, get, tell)
const actions = makeActions(node, feed, get, tell)

applyTheme(state.theme)
addEventListener('hashchange', () => {
  tell({ type: 'patch', patch: { route: parseRoute(location.hash) } })
  feed.tick()
  requestAnimationFrame(() => {
    scrollTo(0, 0)
    document.getElementById('title')?.focus({ preventScroll: true })
  })
})
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) feed.refresh()
})
setInterval(() => {
  if (document.hidden) return
  tell({ type: 'patch', patch: { now: seconds() } })
  feed.tick()
}, 1_000)

subscribe(url, {
  onOpen: () => {
    tell({ type: 'patch', patch: { link: 'live' } })
    feed.refresh()
  },
  onLost: () => {
    if (state.link !== 'lost') tell({ type: 'patch', patch: { link: 'polling' } })
  },
  onNews: feed.news,
})
tell({ type: 'patch', patch: {} })
feed.tick()
