export { createRequests, type RequestParts } from './command-requests.js'
export type { Answer, Preview, Request, Requests } from './request.js'
