/** How things go, as a sign; words always stand beside it. */
import type { Finding, Tone } from '../../report/index.js'

export const toneSign: Record<Tone, string> = { ok: '✅', warn: '⚠️', fail: '❌', info: 'ℹ️', working: '⏳' }

export const resultSign: Record<Finding['result'], string> = { pass: '✅', warn: '⚠️', fail: '❌' }
