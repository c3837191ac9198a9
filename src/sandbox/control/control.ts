/** The control interface, assembled. */
import type { Fault, SandboxState, TrafficEntry } from '../protocol.js'
import type { SandboxControl } from '../types.js'
import { choose, click, suggest } from './actions.js'
import { runCommand } from './commands.js'
import { openHome, say, useShortcut } from './conversation.js'
import type { Parts } from './parts.js'
import { stateFor } from './state.js'
import { closeModal, submit } from './submissions.js'
import { waitUntil } from './waiting.js'

interface Switches {
  setRequestUrl: (url: string | undefined) => void
  /** Refuses everything from the app until the function returned is called. */
  outage: (durationMs: number | undefined) => () => void
  endOutage: () => void
}

export function createControl(parts: Parts, switches: Switches): SandboxControl {
  const { world, faults, socketMode } = parts

  function fault(wanted: Fault): () => void {
    switch (wanted.kind) {
      case 'refresh':
        socketMode.refresh(wanted.connections ?? 'all')
        return () => {}
      case 'freeze':
        socketMode.freeze()
        return () => {}
      case 'outage':
        return switches.outage(wanted.durationMs)
      default:
        return faults.arm(wanted)
    }
  }

  return {
    command: (what) => runCommand(parts, what),
    message: (what) => say(parts, what),
    click: (what) => click(parts, what),
    choose: (what) => choose(parts, what),
    suggest: (what) => suggest(parts, what),
    submit: (what) => submit(parts, what),
    close: (what) => closeModal(parts, what),
    shortcut: (what) => useShortcut(parts, what),
    home: (what) => openHome(parts, what),

    fault,
    clearFaults: () => {
      faults.clear()
      switches.endOutage()
    },
    advanceClock: (ms) => {
      world.clock.advance(ms)
      world.touch()
    },
    setRequestUrl: switches.setRequestUrl,
    reset: () => {
      faults.clear()
      switches.endOutage()
      world.reset()
    },

    state: (user): SandboxState => stateFor(parts, user),
    messages: (channel) => world.messages(channel),
    ephemerals: (user, channel) => world.ephemeralsOf(user, channel),
    modals: (user) => world.views.modals(user),
    homeOf: (user) => world.views.home(user),
    traffic: () => world.traffic.all(),
    calls: (method) => world.traffic.all().filter(({ kind, name }) => kind === 'web-api' && name === method),
    connections: () => socketMode.connections,

    waitForMessage: (channel, match = () => true, timeoutMs) =>
      waitUntil(world, {
        what: `a message in ${channel}`,
        probe: () => world.messages(channel).find(match),
        seen: () => JSON.stringify(world.messages(channel).slice(-5), null, 1),
        ...deadline(timeoutMs),
      }),
    waitForEphemeral: (user, match = () => true, timeoutMs) =>
      waitUntil(world, {
        what: `an ephemeral message for ${user}`,
        probe: () => world.ephemeralsOf(user).find(match),
        seen: () => JSON.stringify(world.ephemeralsOf(user).slice(-5), null, 1),
        ...deadline(timeoutMs),
      }),
    waitForModal: (user, match = () => true, timeoutMs) =>
      waitUntil(world, {
        what: `a modal of ${user}`,
        probe: () => world.views.modals(user).findLast(match),
        seen: () => JSON.stringify(world.views.modals(user), null, 1),
        ...deadline(timeoutMs),
      }),
    waitForHome: (user, match = () => true, timeoutMs) =>
      waitUntil(world, {
        what: `the Home tab of ${user}`,
        probe: () => [world.views.home(user)].find((view) => view !== undefined && match(view)),
        seen: () => JSON.stringify(world.views.home(user), null, 1),
        ...deadline(timeoutMs),
      }),
    waitForCall: (method, match = () => true, timeoutMs) =>
      waitUntil(world, {
        what: `a call of ${method}`,
        probe: () => world.traffic.all().find((entry) => isSettledCall(entry, method) && match(entry)),
        seen: () =>
          world.traffic
            .all()
            .slice(-10)
            .map(({ name, outcome }) => `${name} ${outcome}`)
            .join(', '),
        ...deadline(timeoutMs),
      }),
    waitForConnections: async (count, timeoutMs) => {
      await waitUntil(world, {
        what: `${count} connections`,
        probe: () => (socketMode.connections === count ? count : undefined),
        seen: () => `${socketMode.connections} connections`,
        ...deadline(timeoutMs),
      })
    },
    waitFor: (what, probe, timeoutMs) => waitUntil(world, { what, probe, ...deadline(timeoutMs) }),
  }
}

function isSettledCall(entry: TrafficEntry, method: string): boolean {
  return entry.kind === 'web-api' && entry.name === method && entry.outcome !== 'pending'
}

function deadline(timeoutMs: number | undefined): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs }
}
