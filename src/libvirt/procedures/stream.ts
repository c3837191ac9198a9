/** Procedures that open a data stream. */
import { proc } from '../procedure.js'
import { Domain, Volume } from '../types.js'
import { optional, text, u32, u64 } from '../xdr.js'

export const streamProcedures = {
  /** A console as a stream, both ways. `flags`: `enums.DomainConsoleFlags`. One at a time. */
  domainOpenConsole: proc(
    201,
    'domain_open_console',
    { dom: Domain, devName: optional(text), flags: u32 },
    {},
  ),
  /** A virtio channel as a stream, both ways. */
  domainOpenChannel: proc(296, 'domain_open_channel', { dom: Domain, name: optional(text), flags: u32 }, {}),
  /** The screen as a stream of an image; its type is the answer. QEMU gives PPM or PNG. */
  domainScreenshot: proc(
    211,
    'domain_screenshot',
    { dom: Domain, screen: u32, flags: u32 },
    { mime: optional(text) },
  ),
  /** A volume's bytes as a stream; `length` 0 is all of it. `flags` 1: holes are told, not sent. */
  storageVolDownload: proc(
    209,
    'storage_vol_download',
    { vol: Volume, offset: u64, length: u64, flags: u32 },
    {},
  ),
  /** Overwrites a volume from a stream. `flags` 1: with holes. */
  storageVolUpload: proc(
    208,
    'storage_vol_upload',
    { vol: Volume, offset: u64, length: u64, flags: u32 },
    {},
  ),
} as const
