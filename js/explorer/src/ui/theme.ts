// Light, dark, or as the system says; the choice is remembered in this browser.
import type { Theme } from '../model/state'

const KEY = 'enigma-explorer-theme'

export function rememberedTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system' // storage may be switched off
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    if (theme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme)
  } catch {
    // it lasts as long as the page, then
  }
}
