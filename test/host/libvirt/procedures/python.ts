/** python3-libvirt beside our client: one process that evaluates expressions over a connection of its own. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const server = `
import json, sys, libvirt
libvirt.registerErrorHandler(lambda *_: None, None)
conn = libvirt.open('qemu:///system')
def plain(value):
    if isinstance(value, (bytes, bytearray)): return value.hex()
    if isinstance(value, (list, tuple)): return [plain(each) for each in value]
    if isinstance(value, dict): return {str(key): plain(each) for key, each in value.items()}
    for name in ('name', 'getName'):
        if hasattr(value, name): return getattr(value, name)()
    return value
def dom(uuid): return conn.lookupByUUIDString(uuid)
def pool(name): return conn.storagePoolLookupByName(name)
def net(name): return conn.networkLookupByName(name)
def vol(path): return conn.storageVolLookupByPath(path)
for line in sys.stdin:
    try:
        answer = {'value': plain(eval(json.loads(line)))}
    except libvirt.libvirtError as error:
        answer = {'code': error.get_error_code(), 'message': error.get_error_message()}
    except Exception as error:
        answer = {'problem': repr(error)}
    print(json.dumps(answer), flush=True)
`

export interface PythonLibvirt {
  /** The value of an expression over \`conn\`, \`dom(uuid)\`, \`pool(name)\`, \`net(name)\`, \`vol(path)\`; objects by name, bytes as hex. */
  (expression: string): Promise<unknown>
  /** The code of the libvirt error that an expression ends with. */
  error(expression: string): Promise<number>
  stop(): void
}

interface Answer {
  value?: unknown
  code?: number
  message?: string
  problem?: string
}

export function startPython(): PythonLibvirt {
  const child = spawn('/usr/bin/python3', ['-c', server], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  let turn: Promise<unknown> = Promise.resolve()
  const ask = (expression: string): Promise<Answer> => {
    const mine = turn.then(async () => {
      child.stdin.write(`${JSON.stringify(expression)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('python3-libvirt has ended')
      const answer = JSON.parse(value) as Answer
      if (answer.problem !== undefined) throw new Error(`${expression}: ${answer.problem}`)
      return answer
    })
    turn = mine.catch(() => {})
    return mine
  }
  const python = async (expression: string): Promise<unknown> => {
    const { value, code, message } = await ask(expression)
    if (code !== undefined) throw new Error(`${expression}: libvirt error ${code}: ${message}`)
    return value
  }
  return Object.assign(python, {
    async error(expression: string): Promise<number> {
      const { code, value } = await ask(expression)
      if (code === undefined) throw new Error(`${expression} succeeded with ${JSON.stringify(value)}`)
      return code
    },
    stop: () => {
      child.stdin.end()
    },
  })
}
