export { SignedHttpReceiver } from './http-receiver.js'
export { isTokenProblem, PooledSocketReceiver } from './pooled-socket-receiver.js'
