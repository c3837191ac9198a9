export { type CardBook, type CardEntry, openCardBook } from './card-book.js'
export { JobCards } from './job-cards.js'
export type { BreakGlassNews, CardPlace } from './job-faces.js'
