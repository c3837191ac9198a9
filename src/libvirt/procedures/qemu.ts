/** Procedures of the QEMU program: the guest agent's own commands, and QEMU's monitor. */
import { programs } from '../frames.js'
import { proc } from '../procedure.js'
import { Domain } from '../types.js'
import { i32, i64, optional, text, u32 } from '../xdr.js'

const program = programs.qemu

export const qemuProcedures = {
  /** A command for QEMU's monitor, as JSON. It can do anything to the domain: never offer it to users. */
  qemuDomainMonitorCommand: proc(
    1,
    'qemu_domain_monitor_command',
    { dom: Domain, cmd: text, flags: u32 },
    { result: text },
    { program },
  ),
  /** A command for the guest's agent, as JSON; `timeout` in seconds, -2 for ever, -1 as the daemon likes, 0 none. Errors: agent. */
  qemuDomainAgentCommand: proc(
    3,
    'qemu_domain_agent_command',
    { dom: Domain, cmd: text, timeout: i32, flags: u32 },
    { result: optional(text) },
    { program },
  ),
  /** Asks for events of QEMU's monitor, by name or all. */
  qemuConnectDomainMonitorEventRegister: proc(
    4,
    'qemu_connect_domain_monitor_event_register',
    { dom: optional(Domain), event: optional(text), flags: u32 },
    { callbackID: i32 },
    { program },
  ),
  /** No more of them. */
  qemuConnectDomainMonitorEventDeregister: proc(
    5,
    'qemu_connect_domain_monitor_event_deregister',
    { callbackID: i32 },
    {},
    { program },
  ),
} as const

/** Messages of QEMU's monitor. */
export const qemuEvents = {
  /** What it said, with seconds and microseconds since 1970 and the details as JSON. */
  qemuMonitor: proc(
    6,
    'qemu_domain_monitor_event',
    { callbackID: i32, dom: Domain, event: text, seconds: i64, micros: u32, details: optional(text) },
    {},
    { program },
  ),
} as const
