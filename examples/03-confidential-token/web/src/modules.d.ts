declare module '*?public' {
  export const connect: import('./token').Connect
}
