export { Homes, type HomesParts } from './homes.js'
