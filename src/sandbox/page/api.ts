/** Talking to the sandbox's control interface. */
import type { Delivery, Json, SandboxState, SubmitOutcome, TrafficEntry } from '../protocol.js'

async function post<T>(name: string, body: Json): Promise<T> {
  const response = await fetch(`/_control/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as { ok: boolean; result: T; error?: string }
  if (!answer.ok) throw new Error(answer.error ?? `the sandbox answered ${response.status}`)
  return answer.result
}

export interface Suggestions {
  delivery: Delivery
  options: Json[]
  groups: { label: string; options: Json[] }[]
}

export const api = {
  state: async (user: string): Promise<SandboxState> => {
    const response = await fetch(`/_control/state?user=${encodeURIComponent(user)}`)
    if (!response.ok) throw new Error(`the sandbox answered ${response.status}`)
    return (await response.json()) as SandboxState
  },
  exchange: async (seq: number): Promise<TrafficEntry | null> => {
    return (await (await fetch(`/_control/traffic?seq=${seq}`)).json()) as TrafficEntry | null
  },
  command: (body: Json) => post<Delivery>('command', body),
  message: (body: Json) => post('message', body),
  click: (body: Json) => post<Delivery>('click', body),
  choose: (body: Json) => post<Delivery>('choose', body),
  suggest: (body: Json) => post<Suggestions>('suggest', body),
  submit: (body: Json) => post<SubmitOutcome>('submit', body),
  close: (body: Json) => post('close', body),
  shortcut: (body: Json) => post<Delivery>('shortcut', body),
  home: (body: Json) => post<Delivery>('home', body),
  fault: (body: Json) => post('fault', body),
  clearFaults: () => post('clear-faults', {}),
}
