/**
 * Changing libvirt's XML where it is meant to change, and nowhere else: a parser says where things stand in the text, and
 * only those characters are replaced. What we do not know is neither lost nor moved nor written in another way.
 */
import type { Element, Node } from '@xmldom/xmldom'
import { LibvirtError } from './errors.js'
import { attribute, children, escapeAttribute, escapeXml, parseXml } from './xml.js'

/** Which child is meant: `devices/interface[mac/@address=52:54:00:00:00:01]`, `memory`, `devices/disk[@device=cdrom]`. */
export type XmlPath = string

export class XmlEditor {
  readonly #rootName: string
  #xml: string

  /** Throws `bad-xml` when it is not such a document. */
  constructor(xml: string, rootName: string) {
    this.#xml = xml
    this.#rootName = rootName
    this.#parse()
  }

  toString(): string {
    return this.#xml
  }

  /** Text of an element; undefined when there is no such element. */
  textOf(path: XmlPath): string | undefined {
    return this.#find(path)?.textContent ?? undefined
  }

  attributeOf(path: XmlPath, name: string): string | undefined {
    return attribute(this.#find(path), name)
  }

  /** Replaces what is in an element, text or not. Throws `bad-xml` when there is no such element. */
  setText(path: XmlPath, text: string): this {
    return this.#replaceContent(this.#must(path), escapeXml(text))
  }

  setAttribute(path: XmlPath, name: string, value: string): this {
    const element = this.#must(path)
    const [start, end] = this.#startTag(element)
    const tag = this.#xml.slice(start, end)
    const known = new RegExp(`(\\s${escapeRegExp(name)}\\s*=\\s*)(["'])[^"']*\\2`).exec(tag)
    if (known !== null) {
      const [whole, before = '', quote = "'"] = known
      const at = start + known.index
      return this.#splice(at, at + whole.length, `${before}${quote}${escapeAttribute(value)}${quote}`)
    }
    const at = start + tag.search(/\s*\/?>$/)
    return this.#splice(at, at, ` ${name}='${escapeAttribute(value)}'`)
  }

  /** Puts XML behind the last child of an element, on a line of its own where the others are. */
  append(path: XmlPath, fragment: string): this {
    const element = this.#must(path)
    const depth = depthOf(element)
    const indent = '  '.repeat(depth + 1)
    const isEmpty = element.firstChild === null
    if (isEmpty) return this.#replaceContent(element, `\n${indent}${fragment}\n${'  '.repeat(depth)}`)
    const end = this.#contentEnd(element)
    const last = this.#xml.slice(0, end).trimEnd().length
    return this.#splice(last, last, `\n${indent}${fragment}`)
  }

  /** Takes an element away with the white space before it. Nothing happens when it is not there. */
  remove(path: XmlPath): this {
    const element = this.#find(path)
    if (element === undefined) return this
    const start = this.#xml.slice(0, this.#start(element)).trimEnd().length
    return this.#splice(start, this.#end(element), '')
  }

  #parse(): Element {
    return parseXml(this.#xml, this.#rootName)
  }

  #find(path: XmlPath): Element | undefined {
    return steps(path).reduce<Element | undefined>(
      (element, { name, condition }) => children(element, name).find((child) => holds(child, condition)),
      this.#parse(),
    )
  }

  #must(path: XmlPath): Element {
    const found = this.#find(path)
    if (found !== undefined) return found
    throw new LibvirtError(`the ${this.#rootName} XML has no ${path}`, { kind: 'bad-xml' })
  }

  #replaceContent(element: Element, content: string): this {
    const [start, end] = this.#startTag(element)
    const tag = this.#xml.slice(start, end)
    if (tag.endsWith('/>')) {
      const open = `${tag.slice(0, -2).trimEnd()}>`
      return this.#splice(start, end, `${open}${content}</${element.tagName}>`)
    }
    return this.#splice(end, this.#contentEnd(element), content)
  }

  #splice(start: number, end: number, text: string): this {
    this.#xml = this.#xml.slice(0, start) + text + this.#xml.slice(end)
    // Whatever was put in must leave a document.
    this.#parse()
    return this
  }

  /** Where a node begins in the text: the parser counts lines and columns from 1. */
  #start({ lineNumber = 1, columnNumber = 1 }: Node): number {
    const lineEnd = /\r\n?|\n/g
    for (let line = 1; line < lineNumber; line++) lineEnd.exec(this.#xml)
    return lineEnd.lastIndex + columnNumber - 1
  }

  /** Nodes stand one behind the other, so one ends where the next begins. */
  #end(node: Node): number {
    if (node.nextSibling !== null) return this.#start(node.nextSibling)
    const { parentNode } = node
    if (parentNode === null || parentNode.parentNode === null) return this.#xml.lastIndexOf('>') + 1
    return this.#contentEnd(parentNode as Element)
  }

  #contentEnd(element: Element): number {
    return this.#xml.lastIndexOf('</', this.#end(element) - 1)
  }

  #startTag(element: Element): [number, number] {
    const start = this.#start(element)
    const tag = /^<(?:[^"'>]|"[^"]*"|'[^']*')*>/.exec(this.#xml.slice(start))
    if (tag === null) throw new LibvirtError('an element has no start tag', { kind: 'bad-xml' })
    return [start, start + tag[0].length]
  }
}

interface Step {
  name: string
  condition: { path: string[]; attribute: string; value: string } | undefined
}

function steps(path: XmlPath): Step[] {
  if (path === '') return []
  return path.split(/\/(?![^[]*\])/).map((step) => {
    const match = /^([\w:.-]+)(?:\[([\w:./-]*?)@([\w:.-]+)=([^\]]*)\])?$/.exec(step)
    if (match === null) throw new LibvirtError(`"${step}" is no step of a path`, { kind: 'bad-argument' })
    const [, name = '', where = '', name2, value = ''] = match
    const inner = where.split('/').filter((each) => each !== '')
    return {
      name,
      condition: name2 === undefined ? undefined : { path: inner, attribute: name2, value },
    }
  })
}

function holds(element: Element, condition: Step['condition']): boolean {
  if (condition === undefined) return true
  const inner = condition.path.reduce<Element | undefined>((at, name) => children(at, name)[0], element)
  return attribute(inner, condition.attribute) === condition.value
}

function depthOf(element: Element): number {
  let depth = 0
  for (let at = element.parentNode; at?.parentNode != null; at = at.parentNode) depth++
  return depth
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
