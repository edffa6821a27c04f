import { tokenSuite } from './token'

tokenSuite('ethers')
