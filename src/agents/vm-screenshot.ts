/** What is on the first screen of a VM, as a PNG. */
import { UserError } from '../errors.js'
import { domainOf, LibvirtError, procedures } from '../libvirt/index.js'
import type { FoundVm } from './agent.js'
import { askingOf, type HostContext, mustBeWritable } from './host-context.js'
import { isPng, pngOfPixmap } from './portable-pixmap.js'

/** A 4K screen in PNG is well below; QEMU before 7.1 gives every pixel. */
const mostBytes = 32 * 1024 * 1024
const withinMs = 10_000

/** Rejects with `unsupported` for a VM without a display. */
export function screenshotOfVm(context: HostContext, vm: FoundVm): Promise<Uint8Array> {
  // libvirt gives it to nobody who may only look.
  mustBeWritable(context.settings)
  return askingOf(context, 'take a screenshot of VM', vm, async (libvirt) => {
    const { data } = await libvirt.stream(
      procedures.domainScreenshot,
      { dom: domainOf(vm.uuid), screen: 0, flags: 0 },
      { timeoutMs: withinMs },
    )
    const chunks: Buffer[] = []
    let size = 0
    const late = new LibvirtError('the picture did not come in time', { kind: 'timeout' })
    const timer = setTimeout(() => data.fail(late), withinMs)
    try {
      for await (const chunk of data) {
        size += chunk.length
        if (size > mostBytes) throw tooLarge(vm)
        chunks.push(chunk)
      }
    } finally {
      clearTimeout(timer)
    }
    const picture = Buffer.concat(chunks)
    const png = isPng(picture) ? picture : pngOfPixmap(picture)
    if (png === undefined) throw unreadable(vm)
    return png
  })
}

function tooLarge({ name, host }: FoundVm): UserError {
  return new UserError('unsupported', `The screen of VM ${name} on ${host} is larger than 32 MiB.`, {
    fix: `Look at it on the host: virsh screenshot ${name}`,
  })
}

function unreadable({ name, host }: FoundVm): UserError {
  return new UserError('unsupported', `libvirt on ${host} gave a picture of VM ${name} that is none.`, {
    fix: `Look at it on the host: virsh screenshot ${name}`,
  })
}
