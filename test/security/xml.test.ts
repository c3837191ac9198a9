/** Text that becomes part of libvirt's XML reads back as it was, or is refused: it never becomes markup. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LibvirtError, snapshotXml, volumeXml, XmlEditor } from '../../src/libvirt/index.js'
import { readSnapshotXml } from '../../src/libvirt/snapshot-xml.js'
import { readVolumeXml } from '../../src/libvirt/volume-xml.js'
import { at, escapeAttribute, escapeXml, parseXml } from '../../src/libvirt/xml.js'
import { hostileText } from './hostile-text.js'

/** What XML 1.0 can hold at all (section 2.2, Char). */
const canHold = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u.test(text)

function refusalOf(work: () => unknown): LibvirtError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(LibvirtError)
    return error as LibvirtError
  }
}

const domain = `<domain type='kvm'>
  <name>web1</name>
  <title/>
  <devices><emulator>/usr/bin/qemu</emulator></devices>
</domain>`

describe('text in XML', () => {
  it('reads back as it was, in content and in both kinds of quotes', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const refusal = refusalOf(() => escapeXml(text)) ?? refusalOf(() => escapeAttribute(text))
        expect(refusal === undefined).toBe(canHold(text))
        if (refusal !== undefined) {
          expect(refusal.kind).toBe('bad-argument')
          return
        }
        const value = escapeAttribute(text)
        const root = parseXml(`<a b='${value}' c="${value}"><d>${escapeXml(text)}</d></a>`, 'a')
        expect(root.getAttribute('b')).toBe(text)
        expect(root.getAttribute('c')).toBe(text)
        expect(at(root, 'd')?.textContent).toBe(text)
        expect(root.childNodes.length).toBe(1)
      }),
      { numRuns: 12_000 },
    )
  })

  it('of snapshots and volumes stays name and description', () => {
    fc.assert(
      fc.property(hostileText.filter(canHold), hostileText.filter(canHold), (name, description) => {
        const snapshot = snapshotXml({ name, description })
        const root = parseXml(snapshot, 'domainsnapshot')
        expect(Array.from(root.childNodes, (each) => each.nodeName)).toEqual(['name', 'description'])
        expect(at(root, 'name')?.textContent).toBe(name)
        expect(at(root, 'description')?.textContent).toBe(description)
        expect(readSnapshotXml(snapshot)).toMatchObject({
          name: name.trim(),
          kind: 'internal',
          parent: undefined,
        })
        const volume = volumeXml({ name, capacity: 1024, format: 'qcow2' })
        expect(at(parseXml(volume, 'volume'), 'name')?.textContent).toBe(name)
        expect(readVolumeXml(volume)).toMatchObject({
          capacity: 1024,
          format: 'qcow2',
          path: '',
          backing: undefined,
        })
      }),
      { numRuns: 6000 },
    )
  })

  it('put in by the editor changes nothing but its place', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (title, type) => {
        const edit = () =>
          new XmlEditor(domain, 'domain').setText('title', title).setAttribute('', 'type', type)
        const refusal = refusalOf(edit)
        expect(refusal === undefined).toBe(canHold(title) && canHold(type))
        if (refusal !== undefined) return
        const edited = edit()
        expect(edited.textOf('title')).toBe(title)
        expect(edited.attributeOf('', 'type')).toBe(type)
        const root = parseXml(String(edited), 'domain')
        expect(at(root, 'name')?.textContent).toBe('web1')
        expect(at(root, 'devices/emulator')?.textContent).toBe('/usr/bin/qemu')
        expect(at(root, 'title')?.childNodes.length).toBe(
          title === '' ? 0 : at(root, 'title')?.childNodes.length,
        )
        expect(
          Array.from(root.childNodes).filter((each) => each.nodeType === each.ELEMENT_NODE),
        ).toHaveLength(3)
      }),
      { numRuns: 4000 },
    )
  })
})
