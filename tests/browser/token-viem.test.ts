import { tokenSuite } from './token'

tokenSuite('viem')
