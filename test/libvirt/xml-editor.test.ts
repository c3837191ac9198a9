import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { XmlEditor } from '../../src/libvirt/index.js'

const xml = `<domain type='qemu' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web1</name>
  <title>a &amp; b &lt;c&gt;</title>
  <!-- kept -->
  <memory unit='KiB'>1048576</memory>
  <devices>
    <disk type='file' device='cdrom'>
      <target dev='sda' bus='sata'/>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default'/>
    </interface>
    <interface type='network'>
      <mac address="52:54:00:00:00:02"/>
      <source network='lan'/>
    </interface>
    <rng model='virtio'/>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-S'/>
  </qemu:commandline>
</domain>
`
const edit = () => new XmlEditor(xml, 'domain')

describe('the XML editor', () => {
  it('changes a text, an attribute, and nothing else', () => {
    expect(String(edit().setText('memory', '2097152'))).toBe(xml.replace('1048576', '2097152'))
    expect(String(edit().setAttribute('memory', 'unit', 'MiB'))).toBe(xml.replace("unit='KiB'", "unit='MiB'"))
    const second = 'devices/interface[mac/@address=52:54:00:00:00:02]'
    expect(edit().attributeOf(`${second}/source`, 'network')).toBe('lan')
    expect(String(edit().setAttribute(`${second}/source`, 'network', 'dmz'))).toBe(xml.replace('lan', 'dmz'))
    expect(String(edit().setAttribute(`${second}/mac`, 'address', 'x'))).toBe(
      xml.replace('"52:54:00:00:00:02"', '"x"'),
    )
  })

  it('adds an attribute, an element, and content to an empty element', () => {
    expect(String(edit().setAttribute('devices/rng', 'alias', 'r'))).toBe(
      xml.replace("<rng model='virtio'/>", "<rng model='virtio' alias='r'/>"),
    )
    expect(String(edit().append('devices', "<rng model='egd'/>"))).toBe(
      xml.replace("<rng model='virtio'/>\n", "<rng model='virtio'/>\n    <rng model='egd'/>\n"),
    )
    expect(String(edit().append('devices/rng', '<rate bytes="1"/>'))).toBe(
      xml.replace("<rng model='virtio'/>", `<rng model='virtio'>\n      <rate bytes="1"/>\n    </rng>`),
    )
    expect(String(edit().append('', '<on_crash>destroy</on_crash>'))).toBe(
      xml.replace('\n</domain>', '\n  <on_crash>destroy</on_crash>\n</domain>'),
    )
  })

  it('removes an element with its white space, and does nothing where there is none', () => {
    expect(String(edit().remove('devices/disk[@device=cdrom]'))).toBe(
      xml.replace(/\n {4}<disk[\s\S]*?<\/disk>/, ''),
    )
    expect(String(edit().remove('devices/rng'))).toBe(xml.replace("\n    <rng model='virtio'/>", ''))
    expect(String(edit().remove('devices/watchdog'))).toBe(xml)
  })

  it('gives back any text that was put in, and the rest as it was', () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((each) => /^[\t\n\r\P{Cc}]*$/u.test(each) && !/[\p{Cs}\uFFFE\uFFFF]/u.test(each))
    const lines = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\t', '\u0085', '\u2028') })
    fc.assert(
      fc.property(fc.oneof(text, lines), fc.oneof(text, lines), (title, name) => {
        const edited = edit().setText('title', title).setAttribute('memory', 'unit', name)
        expect(edited.textOf('title')).toBe(title)
        expect(edited.attributeOf('memory', 'unit')).toBe(name)
        const back = edited.setText('title', 'a & b <c>').setAttribute('memory', 'unit', 'KiB')
        expect(String(back)).toBe(xml)
      }),
    )
  })

  it('refuses what is no such document, a path that leads nowhere, and XML that would break it', () => {
    const kind = (work: () => unknown) => {
      try {
        work()
      } catch (error) {
        return (error as { kind?: string }).kind
      }
      return undefined
    }
    expect(kind(() => new XmlEditor('<network/>', 'domain'))).toBe('bad-xml')
    expect(kind(() => new XmlEditor('<domain>', 'domain'))).toBe('bad-xml')
    expect(kind(() => edit().setText('cpu', 'x'))).toBe('bad-xml')
    expect(kind(() => edit().append('devices', '<disk>'))).toBe('bad-xml')
    expect(kind(() => edit().setText('a b', 'x'))).toBe('bad-argument')
  })
})
