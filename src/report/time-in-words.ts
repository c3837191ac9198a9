/** `2026-01-02 03:04:05 UTC`, from an ISO time: one way to write it that everybody in a channel reads alike. What is no time,
 * because another tool wrote it, stays as it is. */
export function timeInWords(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
