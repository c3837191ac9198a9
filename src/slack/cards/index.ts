export { type CardBook, type CardEntry, openCardBook } from './card-book.js'
export { JobCards } from './job-cards.js'
export type { CardPlace } from './job-faces.js'
