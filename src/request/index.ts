export { createRequests, type RequestParts } from './command-requests.js'
export type { Answer, Request, Requests } from './request.js'
