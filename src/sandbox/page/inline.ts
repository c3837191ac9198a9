/** What a line of text is made of, whatever syntax it came in. Free of DOM, so that parsers can be tested alone. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'pre'; text: string }
  | { kind: 'quote'; children: Inline[] }
  | { kind: 'link'; url: string; children: Inline[] }
  | { kind: 'user'; id: string; label?: string }
  | { kind: 'channel'; id: string; label?: string }
  | { kind: 'usergroup'; id: string; label?: string }
  | { kind: 'broadcast'; range: string }
  | { kind: 'date'; timestamp: number; format: string; fallback: string }
  | { kind: 'emoji'; name: string }
  | { kind: 'break' }

const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' }

export function unescapeText(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity] ?? entity)
}

/** Text with its line breaks and emoji shortcodes. */
export function plainInlines(text: string): Inline[] {
  const result: Inline[] = []
  for (const part of text.split(/(\n|:[a-z0-9_+-]+:)/)) {
    if (part === '') continue
    if (part === '\n') result.push({ kind: 'break' })
    else if (/^:[a-z0-9_+-]+:$/.test(part)) result.push({ kind: 'emoji', name: part.slice(1, -1) })
    else result.push({ kind: 'text', text: part })
  }
  return result
}
