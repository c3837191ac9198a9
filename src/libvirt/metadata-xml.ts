/** Metadata as a flat list of named texts: `<vm><owner>ann</owner></vm>`. */
import { escapeXml, parseXml } from './xml.js'

/** An element with a child for each field, without prefixes. Throws `bad-argument` for what XML cannot hold. */
export function fieldsXml(root: string, fields: Readonly<Record<string, string>>): string {
  const children = Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
  return `<${root}>${children.join('')}</${root}>`
}

/** The children's texts by their names, whatever the prefixes; of several of a name the first. Throws `bad-xml`. */
export function readFields(xml: string, root: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const node of Array.from(parseXml(xml, root).childNodes)) {
    if (node.nodeType !== node.ELEMENT_NODE || node.nodeName === null) continue
    const name = node.nodeName.replace(/^.*:/, '')
    if (Object.hasOwn(fields, name)) continue
    const text = node.textContent ?? ''
    if (text !== '') fields[name] = text
  }
  return fields
}
