export { contractPage as default } from '../../web/plugins.ts'
