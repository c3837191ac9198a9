/** Reading libvirt's XML: a parsed tree and a few ways to look into it. Only what libvirt generates is read. */
import { DOMParser, type Element, MIME_TYPE, onErrorStopParsing } from '@xmldom/xmldom'
import { LibvirtError } from './errors.js'

export type { Element }

/** libvirt's XML is XML 1.0: the parser's default takes U+2028 and U+0085 for line ends, as 1.1 does, and loses them. */
const parser = new DOMParser({ onError: onErrorStopParsing, normalizeLineEndings: (text) => text })

/** Characters of a document that are read. libvirt allows 4 MiB; real ones have some ten thousand. */
const longestXml = 1024 * 1024
/** Elements inside of each other. Some thousand would take the parser minutes. libvirt's own have some ten. */
const deepestXml = 200

/** Parses a document and checks its root's name. Throws `bad-xml`, also for one that is too large or too deep to be meant. */
export function parseXml(xml: string, root: string): Element {
  if (xml.length > longestXml || isTooDeep(xml)) {
    throw new LibvirtError(`the ${root} XML of ${xml.length} characters is too large or too deep`, {
      kind: 'bad-xml',
    })
  }
  try {
    const element = parser.parseFromString(xml, MIME_TYPE.XML_TEXT).documentElement
    if (element?.localName === root) return element
  } catch (cause) {
    throw new LibvirtError(`the ${root} XML cannot be read`, { kind: 'bad-xml', cause })
  }
  throw new LibvirtError(`this is not ${root} XML`, { kind: 'bad-xml' })
}

function isTooDeep(xml: string): boolean {
  let depth = 0
  for (let at = xml.indexOf('<'); at >= 0; ) {
    const end = markupEnd(xml, at)
    // The parser says what is wrong with it.
    if (end < 0) return false
    if (xml[at + 1] === '/') depth -= 1
    else if (!/[!?]/.test(xml.charAt(at + 1)) && xml[end - 1] !== '/') depth += 1
    if (depth > deepestXml) return true
    at = xml.indexOf('<', end)
  }
  return false
}

/** Where the tag, comment or the like that begins here has its last character; -1 when it has none. */
function markupEnd(xml: string, at: number): number {
  for (const [begin, end] of wholes) {
    if (xml.startsWith(begin, at)) return afterwards(xml, end, at + begin.length)
  }
  const sign = /["'>]/g
  sign.lastIndex = at
  for (let found = sign.exec(xml); found !== null; found = sign.exec(xml)) {
    const [what] = found
    if (what === '>') return found.index
    const close = xml.indexOf(what, found.index + 1)
    if (close < 0) return -1
    sign.lastIndex = close + 1
  }
  return -1
}

const wholes = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const

function afterwards(xml: string, end: string, from: number): number {
  const at = xml.indexOf(end, from)
  return at < 0 ? -1 : at + end.length - 1
}

/** Child elements of that name, in order. */
export function children(of: Element | undefined, name: string): Element[] {
  return Array.from(of?.childNodes ?? []).filter(
    (node): node is Element => node.nodeType === node.ELEMENT_NODE && (node as Element).localName === name,
  )
}

/** The first element at a path such as `devices/emulator`. */
export function at(of: Element | undefined, path: string): Element | undefined {
  return path.split('/').reduce<Element | undefined>((element, name) => children(element, name)[0], of)
}

/** Text at a path; undefined when there is no such element or it is empty. */
export function textAt(of: Element | undefined, path: string): string | undefined {
  return at(of, path)?.textContent?.trim() || undefined
}

export function attribute(of: Element | undefined, name: string): string | undefined {
  return of?.getAttribute(name) ?? undefined
}

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1000,
  k: 1024,
  KiB: 1024,
  MB: 1_000_000,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1_000_000_000,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
  T: 1024 ** 4,
  TiB: 1024 ** 4,
}

/** A size with libvirt's `unit` attribute, in bytes. */
export function bytesAt(of: Element | undefined, path: string, defaultUnit: string): number | undefined {
  const element = at(of, path)
  const text = element?.textContent?.trim()
  if (text === undefined || text === '') return undefined
  return Number(text) * (unitBytes[attribute(element, 'unit') ?? defaultUnit] ?? 1)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** What no XML 1.0 document can hold, escaped or not (section 2.2, Char). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u

function possible(text: string): string {
  if (!impossible.test(text)) return text
  throw new LibvirtError(`${JSON.stringify(text.slice(0, 80))} has characters that XML cannot hold`, {
    kind: 'bad-argument',
  })
}

/** Text made safe as element content, written as libvirt writes it. Throws `bad-argument` for control characters. */
export function escapeXml(text: string): string {
  return possible(text).replace(/[&<>"'\r]/g, (char) => entities[char] ?? char)
}

/** Text made safe as an attribute's value, where a reader takes bare white space for spaces. */
export function escapeAttribute(text: string): string {
  return possible(text).replace(/[&<>"'\t\n\r]/g, (char) => entities[char] ?? char)
}
