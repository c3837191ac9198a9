export { openPreferences, type PreferenceBook } from './preference-book.js'
export { type Preferences, quietHours, quietUntil } from './preferences.js'
