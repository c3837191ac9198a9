/** Calls of our libvirt client beside python3-libvirt (the C library) and spawned virsh, and the decoding of bulk replies. */
import { connect } from 'node:net'
import { prepareLab, run } from '../src/demo/index.js'
import { Connection, procedures } from '../src/libvirt/index.js'
import { Reader, Writer } from '../src/libvirt/xdr.js'
import { defineDomains, undefineDomains } from './domains.js'
import { atLeast, type Comparison, median, time } from './measure.js'

const calls = 10_000
const rounds = 5
const domainsPerReply = 200
const wantedPerSecond = 200_000
const repliesPerSample = 500

/** Prints the milliseconds that each round of `calls` takes with that many threads on one connection. */
const python = `
import sys, time, libvirt
from concurrent.futures import ThreadPoolExecutor
name, calls, rounds, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
conn = libvirt.open('qemu:///system')
dom = conn.lookupByName(name)
with ThreadPoolExecutor(threads) as pool:
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        if threads == 1:
            for _ in range(calls): dom.state()
        else:
            list(pool.map(lambda _: dom.state(), range(calls)))
        print((time.perf_counter() - begin) * 1000)
`

export async function compareLibvirtCalls(): Promise<Comparison[]> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const lab = await prepareLab({ name: 'qnav-bench', say, vmsAtEnd: 'delete' })
  const connection = await Connection.open({
    stream: connect('/run/libvirt/libvirt-sock'),
    uri: 'qemu:///system',
  })
  try {
    await undefineDomains()
    await defineDomains(1)
    const name = 'qnav-bench-0'
    const { dom } = await connection.call(procedures.domainLookupByName, { name })
    const rows: Comparison[] = []
    for (const [outstanding, target] of [
      [1, 0.5],
      [4, 0],
      [100, 1],
    ] as const) {
      const ours = median(await time(rounds, () => callState(connection, dom, outstanding)))
      const output = await run('/usr/bin/python3', [
        '-c',
        python,
        name,
        String(calls),
        String(rounds),
        String(outstanding),
      ])
      const [, ...theirs] = output.trim().split('\n').map(Number)
      rows.push(
        withTarget(target, {
          name: `${calls} calls for a state, ${outstanding} at a time`,
          ours,
          other: median(theirs),
          against: 'python3-libvirt',
          unit: 'ms',
        }),
      )
    }
    const one = median(await time(rounds, () => callState(connection, dom, 1))) / calls
    const virsh = median(
      await time(rounds * 2, () => run('virsh', ['-c', 'qemu:///system', 'domstate', name])),
    )
    rows.push(
      atLeast(10, {
        name: 'one call for a state',
        ours: one,
        other: virsh,
        against: 'virsh domstate',
        unit: 'ms',
      }),
    )
    rows.push(await decoding(dom))
    return rows
  } finally {
    await connection.close()
    await undefineDomains()
    await lab.stop()
  }
}

/** A target of 0 is none. */
function withTarget(target: number, row: Parameters<typeof atLeast>[1]): Comparison {
  const compared = atLeast(target, row)
  return target > 0 ? compared : { ...compared, target: '', met: true }
}

interface Domain {
  name: string
  uuid: string
  id: number
}

async function callState(connection: Connection, dom: Domain, outstanding: number): Promise<void> {
  let left = calls
  const worker = async () => {
    while (left-- > 0) await connection.call(procedures.domainGetState, { dom, flags: 0 })
  }
  await Promise.all(Array.from({ length: outstanding }, worker))
}

/** The reply that a list of all VMs is made of, read again and again. */
async function decoding(dom: Domain): Promise<Comparison> {
  const params = [
    { field: 'state.state', value: 1, type: 'int' as const },
    { field: 'state.reason', value: 1, type: 'int' as const },
  ]
  const codec = procedures.connectGetAllDomainStats.reply
  const writer = new Writer()
  codec.write(writer, { retStats: Array.from({ length: domainsPerReply }, () => ({ dom, params })) })
  const bytes = Buffer.from(writer.finish())
  const samples = await time(repliesPerSample, async () => codec.read(new Reader(bytes)))
  return atLeast(1, {
    name: `reading the state of ${domainsPerReply} VMs`,
    ours: median(samples),
    other: (domainsPerReply / wantedPerSecond) * 1000,
    against: '200,000 VMs a second',
    unit: 'ms',
  })
}
