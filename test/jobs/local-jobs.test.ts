import { engineContract } from './engine-contract.js'
import { aLocalWorld } from './local-world.js'

engineContract('the local engine', () => aLocalWorld())
